import type { CspDirective, Directives } from './directives.ts'

/** A policy as it is sent, for requests over TLS and for others. */
export interface Policy {
  readonly header: 'content-security-policy' | 'content-security-policy-report-only'
  readonly overTls: PolicyText
  readonly inClear: PolicyText
}

/** The text of a policy, made once. */
interface PolicyText {
  /** Without a nonce. */
  readonly plain: string
  /** What stands around each nonce: joined by it, the policy of a page that asked for one. */
  readonly pieces: readonly string[]
}

/** Stands where a nonce comes. No source can hold it. */
const PLACE = '\0'

/** Compiles a policy. */
export function compilePolicy(directives: Directives, reportOnly: boolean): Policy {
  // Browsers ignore these in a report, and complain of it.
  const effective = reportOnly ? without(directives, 'upgrade-insecure-requests', 'sandbox') : directives
  return {
    header: reportOnly ? 'content-security-policy-report-only' : 'content-security-policy',
    overTls: textOf(effective),
    // Over plain http this directive would send a developer's browser to https for every script.
    inClear: textOf(without(effective, 'upgrade-insecure-requests')),
  }
}

function textOf(directives: Directives): PolicyText {
  return { plain: joined(directives), pieces: joined(withNonces(directives)).split(PLACE) }
}

/** Adds the place of a nonce to whatever decides about inline scripts and styles. */
function withNonces(directives: Directives): Directives {
  const nonced = new Map(directives)
  for (const kind of ['script', 'style'] as const) {
    const names: readonly CspDirective[] = [`${kind}-src`, `${kind}-src-elem`]
    const present = names.filter((name) => directives.has(name))
    for (const name of present.length > 0 ? present : names.slice(0, 1)) {
      const sources = directives.get(name) ?? directives.get('default-src')
      // A nonce would turn 'unsafe-inline' off: for scripts that is a gain, for styles somebody chose it.
      if (sources === undefined || (kind === 'style' && sources.includes("'unsafe-inline'"))) continue
      nonced.set(name, [...sources.filter((source) => source !== "'none'"), `'nonce-${PLACE}'`])
    }
  }
  return nonced
}

function without(directives: Directives, ...names: readonly CspDirective[]): Directives {
  return new Map([...directives].filter(([name]) => !names.includes(name)))
}

function joined(directives: Directives): string {
  return [...directives].map(([name, entries]) => [name, ...entries].join(' ')).join('; ')
}
