import { InvalidArgumentError } from '@wardstone/core'

/**
 * Writes an integer as an argument of a script, digit by digit: `String(1e21)` would be `1e+21`, and a fraction or an integer beyond
 * 2^53 means that something was lost before.
 *
 * @throws {@link InvalidArgumentError} `invalid_argument`
 *
 * @example
 * ```ts
 * import { decimal } from '@wardstone/redis'
 *
 * console.log(decimal(1_793_480_000_123_456), decimal(2n ** 63n))
 * ```
 */
export function decimal(value: number | bigint): string {
  if (typeof value === 'number' && !Number.isSafeInteger(value))
    throw new InvalidArgumentError('value', 'expected a whole number')
  return `${value === 0 ? 0 : value}`
}

/**
 * Reads an integer that a script returned, as a number, a text or a Buffer.
 *
 * @throws {@link InvalidArgumentError} `invalid_argument` when it is none, or not exact as a number
 *
 * @example
 * ```ts
 * import { integer } from '@wardstone/redis'
 *
 * console.log(integer('1793480000123456'), integer(5))
 * ```
 */
export function integer(reply: unknown): number {
  const text = Buffer.isBuffer(reply) ? reply.toString('latin1') : reply
  const value = typeof text === 'string' && /^-?\d{1,16}$/.test(text) ? Number(text) : text
  if (!Number.isSafeInteger(value)) throw new InvalidArgumentError('reply', 'expected a whole number')
  return value as number
}
