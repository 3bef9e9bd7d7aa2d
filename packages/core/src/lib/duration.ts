import { ConfigurationError } from './error.ts'

/**
 * A length of time: whole milliseconds, or a whole number with a unit (`'30s'`, `'15m'`, `'7d'`). Never negative.
 * Names of numbers that were read from one end in `Ms`.
 */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`

const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const
const SHAPE = /^(\d{1,15})(ms|s|m|h|d)$/
const EXPECTED = 'expected whole milliseconds or a text such as "30s", "15m" or "7d", not negative'

/** What is wrong with a value as a duration, or its milliseconds. Used by the option reader, which collects problems. */
export function parseDuration(value: unknown): { readonly ms: number } | { readonly expected: string } {
  let ms = value
  if (typeof value === 'string') {
    const match = SHAPE.exec(value)
    if (!match) return { expected: EXPECTED }
    ms = Number(match[1]) * UNITS[match[2] as keyof typeof UNITS]
  }
  return typeof ms === 'number' && Number.isSafeInteger(ms) && ms >= 0 ? { ms } : { expected: EXPECTED }
}

/** As {@link parseDuration}, for something that lives: a bare `900` is nearly always meant in seconds. */
export function parseLifetime(value: unknown): { readonly ms: number } | { readonly expected: string } {
  const parsed = parseDuration(value)
  if (!('ms' in parsed) || parsed.ms >= 10_000) return parsed
  if (typeof value !== 'number') return { expected: 'expected at least 10s' }
  const meant = parsed.ms >= 60 && parsed.ms % 60 === 0 ? `${parsed.ms / 60}m` : '15m'
  return { expected: `${parsed.ms} is milliseconds, and a lifetime is at least 10s; did you mean "${meant}"?` }
}

/**
 * Reads a {@link Duration} into milliseconds.
 *
 * @throws {@link ConfigurationError} `invalid_options` for anything else: a fraction, `NaN`, a negative, an unknown unit.
 *
 * @example
 * ```ts
 * import { duration } from '@wardstone/core'
 *
 * export const graceMs = duration('30s') // 30_000
 * ```
 */
export function duration(value: Duration): number {
  return msOf('duration', parseDuration(value))
}

/**
 * Reads a {@link Duration} that says how long something lives. Refuses less than ten seconds, since `900` without a unit
 * is milliseconds and was nearly always meant as a quarter of an hour.
 *
 * @throws {@link ConfigurationError} `invalid_options` for what is not a duration of at least 10 s.
 *
 * @example
 * ```ts
 * import { lifetime } from '@wardstone/core'
 *
 * export const accessTtlMs = lifetime('15m') // 900_000
 * ```
 */
export function lifetime(value: Duration): number {
  return msOf('lifetime', parseLifetime(value))
}

function msOf(name: string, parsed: { readonly ms: number } | { readonly expected: string }): number {
  if ('ms' in parsed) return parsed.ms
  throw new ConfigurationError(name, [{ option: 'value', expected: parsed.expected }])
}
