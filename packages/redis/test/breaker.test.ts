import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fakeClock } from '@wardstone/testkit'
import { admits, CLOSED, probing, settled, type Breaker, type BreakerPolicy, type Pass } from '../src/lib/breaker.ts'
import { Breakers } from '../src/lib/breakers.ts'
import type { RedisEvent, StoreUnavailableError } from '../src/index.ts'

const POLICY: BreakerPolicy = { failures: 5, openForMs: 500, openAtMostMs: 2_000 }

type Step =
  | { readonly kind: 'ask' }
  | { readonly kind: 'end'; readonly ok: boolean; readonly which: number }
  | { readonly kind: 'wait'; readonly ms: number }

const step: fc.Arbitrary<Step> = fc.oneof(
  { arbitrary: fc.constant<Step>({ kind: 'ask' }), weight: 6 },
  {
    arbitrary: fc.tuple(fc.boolean(), fc.boolean(), fc.nat(5)).map(([a, b, which]): Step => ({ kind: 'end', ok: a && b, which })),
    weight: 6,
  },
  { arbitrary: fc.constantFrom(1, 249, 250, 499, 500, 999, 2_000).map((ms): Step => ({ kind: 'wait', ms })), weight: 2 },
)

/** The same in slow and simple words: lists instead of bits, and nothing is forgotten. */
class Model {
  ends: boolean[] = []
  trips = 0
  openedAt: number | undefined
  probe = false

  opens(): boolean {
    const inARow = this.ends.toReversed().findIndex((ok) => ok)
    const streak = inARow < 0 ? this.ends.length : inARow
    const last = this.ends.slice(-20)
    return this.ends.at(-1) === false && (streak >= 5 || (last.length === 20 && last.filter((ok) => !ok).length >= 10))
  }

  open(now: number): void {
    this.trips++
    this.openedAt = now
    this.probe = false
  }
}

type Settle = typeof settled

/** Plays a history; answers the first thing that the breaker and the model do not agree on. */
function play(steps: readonly Step[], jitter: number, settle: Settle): string | undefined {
  let breaker: Breaker = CLOSED
  const model = new Model()
  let now = 1_000
  const going: Pass[] = []
  for (const one of steps) {
    if (one.kind === 'wait') now += one.ms
    if (one.kind === 'ask') {
      const pass = admits(breaker, now)
      const longest = Math.min(POLICY.openAtMostMs, POLICY.openForMs * 2 ** (model.trips - 1))
      const due = model.openedAt !== undefined && now >= model.openedAt + longest * (0.5 + jitter / 2)
      const expected = model.openedAt === undefined ? 'call' : due && !model.probe ? 'probe' : undefined
      if (pass !== expected) return `admits ${pass}, not ${expected}`
      if (pass === undefined) continue
      if (pass === 'probe') {
        breaker = probing(breaker)
        model.probe = true
      }
      going.push(pass)
    }
    if (one.kind === 'end') {
      const [pass] = going.splice(one.which % Math.max(1, going.length), 1)
      if (pass === undefined) continue
      breaker = settle(breaker, { pass, ok: one.ok, now, jitter }, POLICY)
      if (pass === 'probe' && one.ok) Object.assign(model, new Model())
      else if (pass === 'probe') model.open(now)
      else if (model.openedAt === undefined) {
        model.ends.push(one.ok)
        if (model.opens()) model.open(now)
      }
      const state = model.openedAt === undefined ? 'closed' : model.probe ? 'half_open' : 'open'
      if (breaker.state !== state) return `${breaker.state}, not ${state}`
    }
  }
  return undefined
}

const histories = fc.array(step, { minLength: 1, maxLength: 200, size: 'max' })
const chances = fc.constantFrom(0, 0.5, 0.999)

describe('a breaker', () => {
  it('does as its model in every history', () => {
    const agrees = fc.property(histories, chances, (steps, jitter) => {
      expect(play(steps, jitter, settled)).toBe(undefined)
    })
    fc.assert(agrees, { numRuns: 2_000 })
  })

  it.each<[string, Settle]>([
    [
      'believes calls that began before it opened',
      (b, end, policy) => settled(b.state === 'open' && end.ok ? CLOSED : b, end, policy),
    ],
    ['never looks at more than those in a row', (b, end, policy) => settled({ ...b, recent: 0 }, end, policy)],
    ['opens for ever the same time', (b, end, policy) => settled({ ...b, trips: 0 }, end, policy)],
    ['counts failures that are long ago', (b, end, policy) => settled({ ...b, seen: 20 }, end, policy)],
    ['stays half open when the probe fails', (b, end, policy) => (end.pass === 'probe' && !end.ok ? b : settled(b, end, policy))],
  ])('would be found out if it %s', (_name, mutant) => {
    const { failed } = fc.check(
      fc.property(histories, chances, (steps, jitter) => play(steps, jitter, mutant) === undefined),
      { numRuns: 5_000 },
    )
    expect(failed).toBe(true)
  })
})

describe('breakers of a client', () => {
  function breakers(policy: BreakerPolicy | undefined = POLICY): {
    of: (node: string, ms: number) => ReturnType<Breakers['of']>
    all: Breakers
    events: RedisEvent[]
    clock: ReturnType<typeof fakeClock>
    known: string[]
  } {
    const clock = fakeClock()
    const events: RedisEvent[] = []
    const known = ['a', 'b']
    const all = new Breakers(policy, clock.now, (event) => void events.push(event))
    return { all, events, clock, known, of: (node, ms) => all.of(node, ms, () => known) }
  }

  function fail(gate: ReturnType<Breakers['of']>, times = 5): void {
    for (let i = 0; i < times; i++) {
      gate?.enter()
      gate?.leave('call', 'ETIMEDOUT')
    }
  }

  it('open one by one, for a node and an order of deadlines', () => {
    const { of, all } = breakers()
    fail(of('a', 50))
    expect(of('a', 40)?.enter()).toMatchObject({ reason: 'breaker' })
    expect([of('a', 1_000)?.enter(), of('b', 50)?.enter(), all.open]).toEqual(['call', 'call', 1])
  })

  it('say once that they opened and once that they closed, with probes between', () => {
    const { of, events, clock, all } = breakers()
    const gate = of('a', 50)
    fail(gate)
    for (let probe = 0; probe < 3; probe++) {
      clock.advance('2s')
      expect(gate?.enter()).toBe('probe')
      expect(gate?.enter()).toMatchObject({ code: 'store_unavailable', reason: 'breaker', mayHaveRun: false })
      gate?.leave('probe', 'ETIMEDOUT')
    }
    clock.advance('2s')
    gate?.enter()
    gate?.leave('probe')
    expect(gate?.enter()).toBe('call')
    expect(all.open).toBe(0)
    expect(events).toEqual([
      {
        name: 'redis_unavailable',
        severity: 'warn',
        at: clock.now() - 8_000,
        data: { node: 'a', reason: 'ETIMEDOUT', deadlineMs: 50 },
      },
      { name: 'redis_recovered', severity: 'info', at: clock.now(), data: { node: 'a', afterMs: 8_000 } },
    ])
  })

  it('tell when to come again', () => {
    const { of } = breakers()
    fail(of('a', 50))
    const refused = of('a', 50)?.enter() as StoreUnavailableError
    const { retryAfterMs } = refused
    expect(retryAfterMs).toBeGreaterThanOrEqual(250)
    expect(retryAfterMs).toBeLessThanOrEqual(500)
  })

  it('forget nodes that are gone, and say that these are no trouble any more', () => {
    const { of, known, all, events } = breakers()
    fail(of('a', 50))
    known.splice(0, 2, 'b', 'c')
    of('c', 50)
    expect(all.open).toBe(0)
    expect(events.map(({ name, data }) => [name, data.node])).toEqual([
      ['redis_unavailable', 'a'],
      ['redis_recovered', 'a'],
    ])
  })

  it('are none if so wished', () => {
    const { all } = { all: new Breakers(undefined, () => 0, undefined) }
    expect(all.of('a', 50, () => [])).toBe(undefined)
  })
})
