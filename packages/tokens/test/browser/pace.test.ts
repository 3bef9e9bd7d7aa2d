import fc from 'fast-check'
import { expect, it } from 'vitest'
import { renewAfter, retryAfter } from '../../src/lib/browser/pace.ts'

const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })

it('[TOK-15] a token of 10 s or more is renewed in its life, and never sooner than 5 s after it was made', () => {
  const life = fc.integer({ min: 10_000, max: 86_400_000 })
  const lead = fc.option(fc.integer({ min: 0, max: 2 ** 31 }), { nil: undefined })
  fc.assert(
    fc.property(life, lead, random, (lifeMs, leadMs, at) => {
      const after = renewAfter(lifeMs, leadMs, at)
      expect(after).toBeGreaterThanOrEqual(5000)
      expect(after).toBeLessThanOrEqual(lifeMs)
    }),
  )
})

it('[TOK-15] clients that began together do not stay in step', () => {
  const times = [0, 0.2, 0.4, 0.6, 0.8].map((at) => renewAfter(900_000, undefined, at))
  expect(new Set(times).size).toBe(5)
  expect(Math.max(...times) - Math.min(...times)).toBeGreaterThan(60_000)
})

it('[TOK-15] a failing server is asked after a second at first, and at most 90 s after the last time', () => {
  expect([1, 2, 3, 4].map((failures) => retryAfter(failures, null, 0))).toEqual([1000, 2000, 4000, 8000])
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10_000 }), random, (failures, at) => {
      const wait = retryAfter(failures, undefined, at)
      expect(wait).toBeGreaterThanOrEqual(1000)
      expect(wait).toBeLessThanOrEqual(90_000)
    }),
  )
})

it.each([
  ['7', 7000],
  ['86400', 300_000],
  ['Wed, 21 Oct 2026 07:28:00 GMT', 1000], // means little to a clock that may be wrong
  ['nonsense', 1000],
  ['', 1000],
  ['0', 1000],
])('[TOK-15] Retry-After: %s is waited for', (header, expected) => {
  expect(retryAfter(1, header, 0)).toBe(expected)
})
