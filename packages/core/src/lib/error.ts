/** What a {@link WardstoneError} may carry beside its message. */
export interface WardstoneErrorOptions {
  /** Whether the same call may succeed later. Default `false`. */
  readonly retryable?: boolean | undefined
  /** How long to wait before trying again, in milliseconds. */
  readonly retryAfterMs?: number | undefined
  /** What went wrong underneath. Never a secret, a token or a password. */
  readonly cause?: unknown
}

const BRAND = Symbol.for('wardstone.error')

/**
 * The base of every error that Wardstone throws. Only faults are errors: a refused token, a wrong password or a spent
 * limit is a value. `code` is a literal, stable across releases; the same literal appears in problem documents.
 *
 * @typeParam C - the literal code
 *
 * @example
 * ```ts
 * import { WardstoneError } from '@wardstone/core'
 *
 * export const isTransient = (error: unknown): boolean => error instanceof WardstoneError && error.retryable
 * ```
 */
export abstract class WardstoneError<C extends string = string> extends Error {
  /** A literal in snake_case that names the fault. */
  abstract readonly code: C
  /** Whether the same call may succeed later. */
  readonly retryable: boolean
  /** How long to wait before trying again, in milliseconds, where it is known. */
  readonly retryAfterMs: number | undefined

  /** One of ours also when two copies of this package are installed: a fault that may pass must not become a crash. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    if (this !== WardstoneError) return Function.prototype[Symbol.hasInstance].call(this, value)
    return typeof value === 'object' && value !== null && BRAND in value
  }

  /** @internal */
  readonly [BRAND] = true

  constructor(message: string, options: WardstoneErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = new.target.name
    this.retryable = options.retryable ?? false
    this.retryAfterMs = options.retryAfterMs
  }
}

/** One wrong option: where it stands and what was expected there. */
export interface OptionProblem {
  /** The option's path, such as `refresh.grace`. */
  readonly option: string
  /** What is expected, in words; with a suggestion where one is likely. Never the value that was given. */
  readonly expected: string
}

/**
 * Thrown at construction when options are wrong, with all problems at once. Code `invalid_options`.
 */
export class ConfigurationError extends WardstoneError<'invalid_options'> {
  readonly code = 'invalid_options'
  /** Every wrong option. */
  readonly problems: readonly OptionProblem[]

  constructor(subject: string, problems: readonly OptionProblem[]) {
    super(`${subject}: ${problems.map((p) => `${p.option}: ${p.expected}`).join('; ')}`)
    this.problems = problems
  }
}

/**
 * Thrown when a verb is called with an argument that can never be right: a mistake in the calling code. Code
 * `invalid_argument`.
 */
export class InvalidArgumentError extends WardstoneError<'invalid_argument'> {
  readonly code = 'invalid_argument'

  constructor(argument: string, expected: string) {
    super(`${argument}: ${expected}`)
  }
}
