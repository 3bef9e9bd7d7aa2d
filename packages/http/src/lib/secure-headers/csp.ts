import { warn, type OptionReader } from '@wardstone/core'
import { directiveProblems, DIRECTIVES, isDirective, type CspDirective, type Directives } from './directives.ts'
import { canonical } from './sources.ts'

/** The policy of the page's content, over that of the preset. */
export interface CspOptions {
  /**
   * Lists of sources by directive. A list replaces that of the preset, `false` drops the directive, `[]` stands for those
   * that list nothing. Keywords are quoted: `"'self'"`. Nonces are not written here: see {@link cspNonce}.
   */
  readonly directives?: { readonly [name in CspDirective]?: readonly string[] | false | undefined } | undefined
  /** Whether browsers only report what breaks the policy, to `reportTo` and to their console. Default `false`. */
  readonly reportOnly?: boolean | undefined
}

/**
 * Reads the policy: that of the preset with what is given put in.
 *
 * @returns nothing when it is turned off
 */
export function readCsp(
  o: OptionReader,
  preset: Directives,
): { readonly directives: Directives; readonly reportOnly: boolean } | undefined {
  const csp = o.part('csp')
  if (csp === undefined) return undefined
  const reportOnly = csp.oneOf('reportOnly', [true, false], false)
  const given = csp.nested('directives')
  const directives = new Map(preset)
  for (const name of DIRECTIVES) {
    const entries = given.value<readonly string[] | false>(name, 'expected a list of texts, or false', isEntries)
    if (entries === false) directives.delete(name)
    else if (isList(entries)) {
      for (const problem of directiveProblems(name, entries)) given.problem(name, problem)
      directives.set(name, entries.map(canonical))
    }
  }
  if (directives.size === 0) csp.problem('directives', 'none are left; write csp: false to send no policy')
  return { directives, reportOnly }
}

/** Reads a policy that is given as text, and tells what is wrong with it. */
export function parseCsp(text: string): { readonly directives: Directives; readonly problems: readonly string[] } {
  const directives = new Map<CspDirective, readonly string[]>()
  const problems: string[] = []
  for (const [index, part] of text.split(';').entries()) {
    const [name = '', ...entries] = part.trim().split(/\s+/)
    if (name === '') continue
    if (!isDirective(name)) problems.push(`directive ${index + 1}: unknown`)
    // Browsers keep the first and say nothing.
    else if (directives.has(name)) problems.push(`${name}: stands there twice`)
    else {
      problems.push(...directiveProblems(name, entries).map((problem) => `${name}: ${problem}`))
      directives.set(name, entries.map(canonical))
    }
  }
  if (directives.size === 0) problems.push('expected a directive')
  return { directives, problems }
}

/**
 * Warns of a policy that lets an attacker's script run. What browsers ignore beside `'strict-dynamic'` or a hash is no
 * danger: it is there for those that do not know these.
 *
 * @param nonces - whether scripts may be allowed by a nonce, and so from wherever `<base>` says
 * @see {@link https://research.google/pubs/csp-is-dead-long-live-csp-on-the-insecurity-of-whitelists-and-the-future-of-content-security-policy/ | CSP Is Dead, Long Live CSP!}
 */
export function warnOfUnsafe(directives: Directives, nonces: boolean): void {
  const scripts = directives.get('script-src') ?? directives.get('default-src')
  const lists = [scripts, directives.get('script-src-elem')].filter((list) => list !== undefined)
  const found = new Set(lists.flatMap(unsafeIn))
  if (scripts === undefined) found.add('neither script-src nor default-src')
  if (unsafeIn(directives.get('script-src-attr') ?? []).includes("'unsafe-inline'"))
    found.add("'unsafe-inline' of script-src-attr")
  // With a `<base>` of his own, an attacker has the page's own script with a relative address come from his host.
  const bases = directives.get('base-uri')
  if ((nonces || scripts?.includes("'strict-dynamic'") === true) && bases === undefined) found.add('the lack of base-uri')
  if (bases?.some(isAnywhere) === true) found.add('a base-uri that may be anywhere')
  if (found.size === 0) return
  warn(
    'WARDSTONE_UNSAFE_CSP',
    `The content security policy lets foreign scripts run by ${[...found].join(', ')}. Give inline scripts a nonce by cspNonce(), and name the origins of others.`,
  )
}

function unsafeIn(sources: readonly string[]): readonly string[] {
  const strict = sources.includes("'strict-dynamic'")
  const inline = strict || sources.some((source) => /^'sha\d/i.test(source))
  return sources.filter((source) => {
    if (source === "'unsafe-eval'") return true
    if (source === "'unsafe-inline'") return !inline
    return !strict && isAnywhere(source)
  })
}

/** Whether an attacker can have something there: a whole scheme, every host, or every host of a part of the network. */
function isAnywhere(source: string): boolean {
  if (/^(?:https?|data|blob|filesystem):$/i.test(source)) return true
  const host = source.replace(/^[a-z][a-z0-9+.-]*:\/\//i, '').replace(/[:/].*$/, '')
  return /^\*(?:\.(?:(?:ac|co|com|edu|gov|net|org)\.)?[a-z]+)?$/i.test(host)
}

function isEntries(value: unknown): boolean {
  return value === false || isList(value)
}

function isList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'string')
}
