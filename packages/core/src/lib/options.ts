import { parseDuration, parseLifetime, type Duration } from './duration.ts'
import { ConfigurationError, type OptionProblem } from './error.ts'

/**
 * Reads the options that a factory was given: every read names an option, checks it and applies its default. What is
 * wrong is collected, and so is every name that nobody read, so that a developer sees all problems at once.
 *
 * @see {@link readOptions}
 */
export interface OptionReader {
  /** A non-empty text. */
  text(name: string, fallback?: string): string
  /** One of the listed values. */
  oneOf<const V extends string | number | boolean>(name: string, values: readonly V[], fallback?: NoInfer<V>): V
  /** A whole number in `[min, max]`. */
  integer(name: string, range: { readonly min: number; readonly max: number }, fallback?: number): number
  /** A duration in milliseconds. */
  duration(name: string, fallback?: Duration): number
  /** A duration of at least ten seconds, in milliseconds. */
  lifetime(name: string, fallback?: Duration): number
  /** A function; `undefined` when left out and not required. */
  callback<F>(name: string, required?: boolean): F
  /** Anything that satisfies the test; `undefined` when left out. */
  value<V>(name: string, expected: string, test: (value: unknown) => boolean): V | undefined
  /** A nested bag of options, empty when left out. */
  nested(name: string): OptionReader
  /** The same, for a part that `false` turns off: `undefined` then. */
  part(name: string): OptionReader | undefined
  /** Reports a problem that only several options together show. */
  problem(name: string, expected: string): void
}

/**
 * Reads a factory's options through an {@link OptionReader} and throws all problems at once: wrong values and unknown
 * names, the latter with the name that was probably meant. Values are never repeated, since a secret may stand in the
 * wrong place.
 *
 * @throws {@link ConfigurationError} `invalid_options`
 *
 * @example
 * ```ts
 * import { readOptions } from '@wardstone/core'
 *
 * export const settings = readOptions('createThing', { ttl: '15m' }, (o) => ({
 *   ttlMs: o.lifetime('ttl', '10m'),
 *   mode: o.oneOf('mode', ['strict', 'loose'], 'strict'),
 * }))
 * ```
 */
export function readOptions<T>(subject: string, input: unknown, read: (options: OptionReader) => T): T {
  const problems: OptionProblem[] = []
  const reader = new Reader('', input, problems)
  const result = read(reader)
  reader.refuseUnread()
  if (problems.length > 0) throw new ConfigurationError(subject, problems)
  return result
}

class Reader implements OptionReader {
  readonly #path: string
  readonly #source: Readonly<Record<string, unknown>>
  readonly #problems: OptionProblem[]
  readonly #read = new Set<string>()
  readonly #children: Reader[] = []

  constructor(path: string, input: unknown, problems: OptionProblem[]) {
    this.#path = path
    this.#problems = problems
    this.#source = isBag(input) ? input : {}
    if (input !== undefined && !isBag(input)) problems.push({ option: path || 'options', expected: 'expected an object' })
  }

  text(name: string, fallback?: string): string {
    return this.#checked(name, fallback, 'expected a non-empty text', (v): v is string => typeof v === 'string' && v !== '') ?? ''
  }

  oneOf<const V extends string | number | boolean>(name: string, values: readonly V[], fallback?: NoInfer<V>): V {
    const given = this.#take(name)
    if (given === undefined && fallback !== undefined) return fallback
    if (values.some((v) => v === given)) return given as V
    const meant = typeof given === 'string' ? closest(given, values.map(String)) : undefined
    this.problem(name, `expected one of ${values.join(', ')}${meant === undefined ? '' : `; did you mean ${meant}?`}`)
    return values[0] as V
  }

  integer(name: string, range: { readonly min: number; readonly max: number }, fallback?: number): number {
    const expected = `expected a whole number from ${range.min} to ${range.max}`
    const fits = (v: unknown): v is number => Number.isInteger(v) && (v as number) >= range.min && (v as number) <= range.max
    return this.#checked(name, fallback, expected, fits) ?? range.min
  }

  duration(name: string, fallback?: Duration): number {
    return this.#time(name, fallback, parseDuration)
  }

  lifetime(name: string, fallback?: Duration): number {
    return this.#time(name, fallback, parseLifetime)
  }

  callback<F>(name: string, required = false): F {
    const given = this.#take(name)
    if (typeof given !== 'function' && (given !== undefined || required)) this.problem(name, 'expected a function')
    return given as F
  }

  value<V>(name: string, expected: string, test: (value: unknown) => boolean): V | undefined {
    const given = this.#take(name)
    if (given !== undefined && !test(given)) this.problem(name, expected)
    return given as V | undefined
  }

  nested(name: string): OptionReader {
    const child = new Reader(this.#at(name), this.#take(name), this.#problems)
    this.#children.push(child)
    return child
  }

  part(name: string): OptionReader | undefined {
    return this.#take(name) === false ? undefined : this.nested(name)
  }

  problem(name: string, expected: string): void {
    this.#problems.push({ option: this.#at(name), expected })
  }

  refuseUnread(): void {
    for (const name of Object.keys(this.#source)) {
      if (this.#read.has(name)) continue
      const meant = closest(name, [...this.#read])
      this.problem(
        name,
        meant === undefined
          ? `unknown option; known are ${[...this.#read].join(', ')}`
          : `unknown option; did you mean ${meant}?`,
      )
    }
    for (const child of this.#children) child.refuseUnread()
  }

  #take(name: string): unknown {
    this.#read.add(name)
    // Own properties only: an option must not come from a polluted prototype.
    return Object.hasOwn(this.#source, name) ? this.#source[name] : undefined
  }

  #checked<V>(name: string, fallback: V | undefined, expected: string, fits: (value: unknown) => value is V): V | undefined {
    const given = this.#take(name)
    if (given === undefined && fallback !== undefined) return fallback
    if (fits(given)) return given
    this.problem(name, given === undefined ? `required; ${expected}` : expected)
    return fallback
  }

  #time(name: string, fallback: Duration | undefined, parse: typeof parseDuration): number {
    const parsed = parse(this.#take(name) ?? fallback)
    if ('ms' in parsed) return parsed.ms
    this.problem(name, parsed.expected)
    return 0
  }

  #at(name: string): string {
    return this.#path === '' ? name : `${this.#path}.${name}`
  }
}

function isBag(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The candidate that differs least from what was written, if it is near enough to be meant. */
function closest(written: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined
  let least = Number.POSITIVE_INFINITY
  for (const candidate of candidates) {
    const far = distance(written.toLowerCase(), candidate.toLowerCase())
    const near = far < Math.min(3, Math.ceil(written.length / 2)) || far <= 0.4 * Math.min(written.length + 3, candidate.length)
    if (near && far < least) [best, least] = [candidate, far]
  }
  return best
}

/** Levenshtein's edit distance, one row at a time. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const swap = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
