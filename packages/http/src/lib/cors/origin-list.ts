import { ConfigurationError, isProduction, type OptionProblem, type OptionReader } from '@wardstone/core'
import { parseOrigin, type ParsedOrigin } from './origin.ts'

/**
 * Origins as browsers write them (`https://app.example.com`, `https://app.example.com:8443`), or wildcards for exactly one label,
 * as in certificates: `https://*.example.com` is `https://a.example.com`, and neither `https://example.com` nor
 * `https://a.b.example.com`. Do not write one below a domain where others register theirs (`https://*.co.uk`).
 *
 * As lists by environment, that of `NODE_ENV` counts (default `development`, whose list tests have too, unless there is one for
 * `test`); all are checked.
 */
export type OriginsInput = readonly string[] | Readonly<Record<string, readonly string[]>>

/** A set of origins that may change while serving. */
export interface OriginList {
  /** How many entries there are. */
  readonly size: number
  /** Whether an `Origin` header names one of them. */
  has(origin: string): boolean
  /**
   * Puts other origins in the place of all.
   *
   * @throws {@link ConfigurationError} `invalid_options`; the list keeps what it had.
   */
  replace(origins: OriginsInput): void
}

/**
 * Makes an {@link OriginList}, for a `cors` or `csrf` whose list changes while serving. In production loopback addresses and plain
 * http are refused.
 *
 * @throws {@link ConfigurationError} `invalid_options`: each wrong entry, with what was meant.
 * @see {@link https://www.rfc-editor.org/rfc/rfc6454#section-6.2 | RFC 6454 section 6.2}
 *
 * @example
 * ```ts
 * import { baseline, originList } from '@wardstone/http'
 *
 * export const origins = originList({ production: ['https://app.example.com'], development: ['http://localhost:5173'] })
 * export const guard = baseline({ cors: { origins } })
 *
 * origins.replace(['https://app.example.com', 'https://*.preview.example.com'])
 * ```
 */
export function originList(origins: OriginsInput): OriginList {
  return new Origins(origins)
}

class Origins implements OriginList {
  readonly #environment = environment()
  #exact: ReadonlySet<string> = new Set()
  /** What follows the label that a wildcard covers, port included. */
  #below: { readonly https: ReadonlySet<string>; readonly http: ReadonlySet<string> } | undefined

  constructor(input: OriginsInput) {
    this.replace(input)
  }

  get size(): number {
    return this.#exact.size + (this.#below === undefined ? 0 : this.#below.https.size + this.#below.http.size)
  }

  has(origin: string): boolean {
    if (this.#exact.has(origin)) return true
    if (this.#below === undefined) return false
    const secure = origin.startsWith('https://')
    if (!secure && !origin.startsWith('http://')) return false
    const start = secure ? 8 : 7
    const dot = origin.indexOf('.', start)
    return isLabel(origin, start, dot) && (secure ? this.#below.https : this.#below.http).has(origin.slice(dot))
  }

  replace(input: OriginsInput): void {
    const { origins, problems } = checkOrigins(input, 'origins', this.#environment)
    if (problems.length > 0) throw new ConfigurationError('originList', problems)
    const below = (scheme: string): ReadonlySet<string> =>
      new Set(
        origins
          .filter(({ wildcard, text }) => wildcard && text.startsWith(`${scheme}://`))
          .map(({ text }) => text.slice(scheme.length + 4)),
      )
    this.#exact = new Set(origins.filter(({ wildcard }) => !wildcard).map(({ text }) => text))
    this.#below = origins.some(({ wildcard }) => wildcard) ? { https: below('https'), http: below('http') } : undefined
  }
}

/** Whether one whole label of a host name stands there, as browsers write it: lower case, punycode. */
function isLabel(text: string, start: number, end: number): boolean {
  if (end - start < 1 || end - start > 63) return false
  for (let i = start; i < end; i++) {
    const c = text.charCodeAt(i)
    const known = (c >= 0x61 && c <= 0x7a) || (c >= 0x30 && c <= 0x39) || c === 0x2d || c === 0x5f // a-z 0-9 - _
    if (!known) return false
  }
  return true
}

/** What an option says that takes origins. */
export interface GivenOrigins {
  readonly list: OriginList
  /** The one entry is `*`. */
  readonly everybody: boolean
  /** It is one list that stays as it is: if it is empty, it is so everywhere and for ever. */
  readonly isPlain: boolean
}

/** Reads an option that takes origins, in whatever form. `undefined` when it is left out; what is wrong has been said. */
export function readOrigins(o: OptionReader, name: string): GivenOrigins | undefined {
  const given = o.value<OriginsInput | OriginList>(name, '', () => true)
  if (given === undefined) return undefined
  if (isOriginList(given)) return { list: given, everybody: false, isPlain: false }
  const here = environment()
  const chosen = Array.isArray(given) ? given : (given as Readonly<Record<string, readonly string[]>>)[keyOf(given, here)]
  const everybody = isEverybody(chosen)
  const { problems } = checkOrigins(given, name, here, true)
  for (const { option, expected } of problems) o.problem(option, expected)
  if (problems.length > 0) return { list: originList([]), everybody: false, isPlain: false }
  return { list: originList(everybody ? [] : (chosen as readonly string[])), everybody, isPlain: Array.isArray(given) }
}

/** `origins: ['*']`, which only `cors` takes. */
function isEverybody(entries: unknown): boolean {
  return Array.isArray(entries) && entries.length === 1 && entries[0] === '*'
}

function isOriginList(value: unknown): value is OriginList {
  if (typeof value !== 'object' || value === null) return false
  const { has, replace, size } = value as Partial<Record<keyof OriginList, unknown>>
  return typeof has === 'function' && typeof replace === 'function' && typeof size === 'number'
}

/** Under which the list of an environment stands. */
function keyOf(lists: object, here: string): string {
  return here === 'test' && !Object.hasOwn(lists, here) ? 'development' : here
}

/** Of this process, asked when a list is made. */
function environment(): string {
  return process.env['NODE_ENV'] || 'development'
}

interface Checked {
  /** Those of this environment. */
  readonly origins: readonly ParsedOrigin[]
  readonly problems: readonly OptionProblem[]
}

/** Checks all lists, also those of other environments: what is wrong for production should not wait until it is there. */
function checkOrigins(input: unknown, name: string, here: string, star = false): Checked {
  const problems: OptionProblem[] = []
  const read = (entries: unknown, option: string, production: boolean): ParsedOrigin[] => {
    if (!Array.isArray(entries)) {
      problems.push({ option, expected: 'expected a list of origins such as ["https://app.example.com"]' })
      return []
    }
    if (star && isEverybody(entries)) return []
    return (entries as readonly unknown[]).flatMap((entry, at) => {
      const parsed = parseOrigin(entry)
      const wrong = typeof parsed === 'string' ? parsed : production ? parsed.unfit : undefined
      if (wrong !== undefined) problems.push({ option: `${option}[${at}]`, expected: wrong })
      return typeof parsed === 'string' ? [] : [parsed]
    })
  }
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    return { origins: read(input, name, isProduction()), problems }
  }
  const lists = new Map(Object.entries(input as Readonly<Record<string, unknown>>))
  const key = keyOf(input, here)
  const origins = new Map([...lists].map(([env, list]) => [env, read(list, `${name}.${env}`, env === 'production')]))
  if (!lists.has(key))
    problems.push({ option: `${name}.${key}`, expected: 'required: NODE_ENV says so, and no list is for it; [] if nobody may' })
  return { origins: origins.get(key) ?? [], problems }
}
