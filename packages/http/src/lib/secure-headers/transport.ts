import type { Duration, OptionReader } from '@wardstone/core'

/** How long browsers remember to come by TLS only. */
export interface HstsOptions {
  /** Whole seconds. Default `365d`; `0` makes browsers forget, which is the way back. */
  readonly maxAge?: Duration | undefined
  /** Whether every subdomain is meant too. Default `true`. */
  readonly includeSubDomains?: boolean | undefined
  /**
   * Whether browsers may ship the domain in their list. It takes months to leave that list. Needs a year and
   * `includeSubDomains`. Default `false`, in the preset `isolated` `true`.
   */
  readonly preload?: boolean | undefined
}

const YEAR = 31_536_000
const PRELOAD = 'preload needs includeSubDomains and a maxAge of at least "365d"; say preload: false without them'

/**
 * Reads the value of `Strict-Transport-Security`, `undefined` when it is turned off.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc6797#section-6.1 | RFC 6797 section 6.1}
 */
export function readTransport(o: OptionReader, preloaded: boolean): string | undefined {
  const hsts = o.part('hsts')
  if (hsts === undefined) return undefined
  const seconds = readSeconds(hsts)
  const includeSubDomains = hsts.oneOf('includeSubDomains', [true, false], true)
  const preload = hsts.oneOf('preload', [true, false], preloaded)
  if (preload && !(includeSubDomains && seconds >= YEAR)) hsts.problem('preload', PRELOAD)
  return `max-age=${seconds}${includeSubDomains ? '; includeSubDomains' : ''}${preload ? '; preload' : ''}`
}

/** What is wrong with a value that is given as text. */
export function transportProblem(text: string): string | undefined {
  const directives = text.split(';').map((part) => part.trim().toLowerCase())
  const seconds = directives.flatMap((part) => /^max-age="?(\d{1,10})"?$/.exec(part)?.[1] ?? [])
  if (seconds.length !== 1) return 'expected one max-age, in seconds'
  if (!directives.every((part) => /^(?:max-age=.*|includesubdomains|preload)$/.test(part))) {
    return 'expected max-age, includeSubDomains and preload only'
  }
  const kept = Number(seconds[0]) >= YEAR && directives.includes('includesubdomains')
  return directives.includes('preload') && !kept ? 'preload needs includeSubDomains and a max-age of at least a year' : undefined
}

function readSeconds(hsts: OptionReader): number {
  const given = hsts.value<unknown>('maxAge', '', () => true)
  const ms = hsts.duration('maxAge', '365d')
  // The header counts seconds, and so do other libraries: their year would be nine hours here.
  if (typeof given === 'number' && ms > 0 && ms < 86_400_000) {
    hsts.problem('maxAge', 'a number is milliseconds, and this is less than a day of them; write a text such as "365d"')
  } else if (ms % 1000 !== 0) hsts.problem('maxAge', 'expected whole seconds')
  return Math.floor(ms / 1000)
}
