import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { leadMs, nextKeyDueAt, plan, type KeyTimes } from '../src/lib/keys/plan.ts'

const policy = { rotateEveryMs: 1_000, jwksMaxAgeMs: 90, tokenTtlMs: 200, skewMs: 10 }
const first = { kid: 'first', createdAt: 0, activateAt: 0 }
const second = { kid: 'second', createdAt: 900, activateAt: 1_000 }
const stagesAt = (now: number, keys: readonly KeyTimes[]): string =>
  plan(keys, now, policy)
    .map((key) => key.stage)
    .join(' ')

describe('plan', () => {
  it.each([
    [0, 'active published'],
    [999, 'active published'],
    [1_000, 'retired active'],
    [1_209, 'retired active'],
    [1_210, 'removed active'],
    [9_999, 'removed active'],
  ])('[TOK-6] publishes, signs, retires and removes: at %i %s', (now, stages) => {
    expect(stagesAt(now, [first, second])).toBe(stages)
  })

  it('[TOK-6] derives the times of a key from the key after it', () => {
    expect(plan([first, second], 0, policy)).toEqual([
      { ...first, stage: 'active', retireAt: 1_000, removeAt: 1_000 + 200 + 10 },
      { ...second, stage: 'published', retireAt: undefined, removeAt: undefined },
    ])
  })

  it('[TOK-6] lets the oldest key sign before its time, when the clock was set back', () => {
    expect(stagesAt(-5_000, [first, second])).toBe('active published')
  })

  it('[TOK-6] makes the next key so early that it is published long enough when the newest one is old', () => {
    expect(leadMs(policy)).toBe(100)
    expect(nextKeyDueAt([first], policy)).toBe(900)
    expect(nextKeyDueAt([first, second], policy)).toBe(1_900)
    expect(nextKeyDueAt([], policy)).toBe(Number.NEGATIVE_INFINITY)
  })

  const times = fc
    .array(fc.nat({ max: 5_000 }), { minLength: 1, maxLength: 8 })
    .map((ats) =>
      ats.toSorted((a, b) => a - b).map((activateAt, i) => ({ kid: `k${i}`, createdAt: activateAt - 100, activateAt })),
    )

  it('[TOK-6] has exactly one signer at any moment, and stages only in their order', () => {
    const order = ['published', 'active', 'retired', 'removed']
    fc.assert(
      fc.property(times, fc.integer({ min: -1_000, max: 8_000 }), fc.nat({ max: 3_000 }), (keys, now, later) => {
        const before = plan(keys, now, policy).map((key) => order.indexOf(key.stage))
        const after = plan(keys, now + later, policy).map((key) => order.indexOf(key.stage))
        expect(before.filter((stage) => stage === 1)).toHaveLength(1)
        expect(before).toEqual(before.toSorted((a, b) => b - a))
        expect(after.every((stage, i) => stage >= (before[i] ?? 4))).toBe(true)
      }),
      { numRuns: 1_000, seed: 4 },
    )
  })

  it('[TOK-6] keeps a key until every token that it signed has expired by every clock', () => {
    fc.assert(
      fc.property(times, fc.nat({ max: 6_000 }), fc.nat({ max: 209 }), (keys, signedAt, age) => {
        const signer = plan(keys, signedAt, policy).find((key) => key.stage === 'active')?.kid
        const then = plan(keys, signedAt + age, policy).find((key) => key.kid === signer)
        expect(['active', 'retired']).toContain(then?.stage)
      }),
      { numRuns: 1_000, seed: 5 },
    )
  })
})
