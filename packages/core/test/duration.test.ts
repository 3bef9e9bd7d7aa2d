import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ConfigurationError, duration, lifetime, type Duration } from '../src/index.ts'

describe('duration', () => {
  it.each<[Duration, number]>([
    [0, 0],
    [1_500, 1_500],
    ['0s', 0],
    ['250ms', 250],
    ['30s', 30_000],
    ['15m', 900_000],
    ['12h', 43_200_000],
    ['7d', 604_800_000],
  ])('reads %j as %d ms', (text, ms) => {
    expect(duration(text)).toBe(ms)
  })

  it.each([
    -1,
    0.5,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    2 ** 53,
    '999999999999999d', // beyond what a number counts exactly
    '',
    '15',
    '15 m',
    ' 15m',
    '15m\n',
    '15M',
    '15min',
    '1w',
    '-15m',
    '1.5h',
    '1e3s',
    'm',
    null,
    undefined,
    true,
    ['15m'],
    { valueOf: () => 1 },
  ])('refuses %j', (value) => {
    expect(() => duration(value as Duration)).toThrow(ConfigurationError)
  })

  it('reads a number with a unit as that many of it, and never as anything but whole milliseconds', () => {
    const units = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }
    const names = fc.constantFrom(...(Object.keys(units) as Array<keyof typeof units>))
    fc.assert(
      fc.property(fc.nat(100_000_000), names, (n, unit) => {
        expect(duration(`${n}${unit}`)).toBe(n * units[unit])
      }),
    )
    fc.assert(
      fc.property(fc.oneof(fc.double(), fc.string()), (any) => {
        let ms = 0
        try {
          ms = duration(any as Duration)
        } catch {
          return
        }
        expect(Number.isSafeInteger(ms) && ms >= 0).toBe(true)
      }),
    )
  })
})

describe('lifetime', () => {
  it.each<[Duration, number]>([
    [10_000, 10_000],
    ['10s', 10_000],
    ['15m', 900_000],
  ])('reads %j as %d ms', (text, ms) => {
    expect(lifetime(text)).toBe(ms)
  })

  it.each<[Duration, string]>([
    [900, 'did you mean "15m"?'],
    [3_600, 'did you mean "60m"?'],
    [0, 'did you mean "15m"?'],
    [9_999, 'did you mean "15m"?'],
    ['9s', 'at least 10s'],
  ])('refuses %j, which was meant in seconds', (value, hint) => {
    expect(() => lifetime(value)).toThrow(hint)
  })
})
