import { ConfigurationError, type Duration } from '@wardstone/core'
import type { Endpoint } from '@wardstone/http'
import { createLifecycle, type Check } from '@wardstone/http/lifecycle'
import { expect, test } from 'vitest'
import { context } from './context.ts'
import { turn, watched } from './lifecycle-hand.ts'

function serving(checks: Readonly<Record<string, Check>>, more: { readonly cacheFor?: Duration } = {}) {
  const around = watched()
  const lifecycle = createLifecycle({ ...around.options, ...more, checks })
  lifecycle.started()
  return { ...around, lifecycle, ready: () => asked(lifecycle.ready) }
}

async function asked(endpoint: Endpoint): Promise<readonly [number, unknown]> {
  const { status, body } = await endpoint(context(), undefined)
  return [status, JSON.parse(String(body))]
}

const OK = [200, { status: 'ok', checks: { database: 'up' } }]
const FAILING = [503, { status: 'failing', checks: { database: 'down' } }]

test('[POOL-4] the application is alive at once, started and ready when it says so, and stays alive while it stops', async () => {
  const { options } = watched()
  const lifecycle = createLifecycle(options)
  const all = () => Promise.all([lifecycle.live, lifecycle.startup, lifecycle.ready].map(asked))
  const starting = [503, { status: 'starting' }]
  const ok = [200, { status: 'ok' }]
  expect(await all()).toEqual([ok, starting, starting])
  lifecycle.started()
  expect(await all()).toEqual([ok, ok, [200, { status: 'ok', checks: {} }]])
  void lifecycle.shutdown()
  expect(await all()).toEqual([ok, ok, [503, { status: 'stopping' }]])
})

test('[POOL-4] no cache keeps what a probe says', async () => {
  const { lifecycle } = serving({})
  for (const endpoint of [lifecycle.live, lifecycle.startup, lifecycle.ready])
    expect((await endpoint(context(), undefined)).headers).toContainEqual(['cache-control', 'no-store'])
})

test('[POOL-4] liveness asks no check, and neither does who starts or stops', async () => {
  const { options } = watched()
  let runs = 0
  const lifecycle = createLifecycle({ ...options, checks: { database: () => void runs++ } })
  await asked(lifecycle.live)
  await asked(lifecycle.ready)
  lifecycle.started()
  void lifecycle.shutdown()
  await asked(lifecycle.ready)
  expect(runs).toBe(0)
})

test('[POOL-4] a hundred probes at once run a check once, and those of the next second not at all', async () => {
  let runs = 0
  let answer = (): void => {}
  const { ready, time } = serving({
    database: () => {
      runs++
      return new Promise<void>((resolve) => (answer = resolve))
    },
  })
  const probes = Array.from({ length: 100 }, ready)
  await turn()
  answer()
  expect(new Set((await Promise.all(probes)).map((said) => JSON.stringify(said)))).toEqual(new Set([JSON.stringify(OK)]))
  await time.pass(999)
  await ready()
  expect(runs).toBe(1)
  await time.pass(1)
  const late = ready()
  await turn()
  expect(runs).toBe(2)
  answer()
  expect(await late).toEqual(OK)
})

test('[POOL-4] a clock that is set back does not make a verdict last', async () => {
  let runs = 0
  const { ready, time } = serving({ database: () => void runs++ })
  await ready()
  time.rewind(60_000)
  await ready()
  expect(runs).toBe(2)
})

test.each([
  ['throws', () => { throw new RangeError('postgres://app:hunter2@db') }, 'RangeError'], // prettier-ignore
  ['rejects', () => Promise.reject(new RangeError('postgres://app:hunter2@db')), 'RangeError'],
  ['answers false', () => false, 'Error'],
])('[POOL-4] a check that %s is down; the answer and the event name no details', async (_, check, error) => {
  const { ready, events, reported } = serving({ database: check })
  expect(await ready()).toEqual(FAILING)
  expect(events.slice(1)).toEqual([
    {
      name: 'sys_check_failed',
      severity: 'critical',
      at: expect.any(Number),
      data: { check: 'database', critical: true, error },
    },
  ])
  expect(JSON.stringify(events)).not.toContain('hunter2')
  expect(reported).toEqual([expect.any(Error)])
})

test('[POOL-4] going down and coming back are told once each', async () => {
  let well = false
  const { ready, time, events } = serving({ database: () => well })
  for (const now of [false, false, true, true]) {
    well = now
    await ready()
    await time.pass(1_000)
  }
  expect(events.map(({ name }) => name)).toEqual(['sys_startup', 'sys_check_failed', 'sys_check_recovered'])
})

test('[POOL-4] a check that hangs is down when its time is over, is told to stop, and no other begins meanwhile', async () => {
  const signals: AbortSignal[] = []
  const { ready, time, lifecycle } = serving({
    database: (signal) => {
      signals.push(signal)
      return new Promise(() => {})
    },
  })
  const first = ready()
  await turn()
  await time.pass(749)
  expect(signals[0]?.aborted).toBe(false)
  await time.pass(1)
  expect(await first).toEqual(FAILING)
  expect(signals[0]?.aborted).toBe(true)
  for (let second = 0; second < 29; second++) {
    await time.pass(1_000)
    expect(await ready()).toEqual(FAILING) // at once: no timer is moved
  }
  expect(signals).toHaveLength(1)
  await time.pass(1_000)
  const again = ready()
  await turn()
  await time.pass(750)
  expect(await again).toEqual(FAILING)
  expect(lifecycle.stats().checks).toEqual({ database: { runs: 2, last: 'down' } })
})

test('[POOL-4] an answer that comes late changes no verdict, but the next probe asks again', async () => {
  const answers: (() => void)[] = []
  const { ready, time } = serving({ database: () => new Promise<void>((resolve) => answers.push(resolve)) })
  const first = ready()
  await turn()
  await time.pass(750)
  expect(await first).toEqual(FAILING)
  answers[0]?.()
  await turn()
  expect(await ready()).toEqual(FAILING)
  await time.pass(1_000)
  const second = ready()
  await turn()
  answers[1]?.()
  expect(await second).toEqual(OK)
})

test('[POOL-4] what the application can do without only degrades it, and may have another time', async () => {
  const { ready, time, events } = serving({
    database: () => {},
    search: { run: () => new Promise(() => {}), critical: false, timeout: 100 },
  })
  const probe = ready()
  await turn()
  await time.pass(100)
  expect(await probe).toEqual([200, { status: 'degraded', checks: { database: 'up', search: 'down' } }])
  expect(events.at(-1)).toMatchObject({ name: 'sys_check_failed', severity: 'warn', data: { error: 'timeout' } })
})

test('[POOL-4] a probe that was asked before the end began says what is true after', async () => {
  let answer = (): void => {}
  const { ready, lifecycle } = serving({ database: () => new Promise<void>((resolve) => (answer = resolve)) })
  const probe = ready()
  await turn()
  void lifecycle.shutdown()
  answer()
  expect(await probe).toEqual([503, { status: 'stopping' }])
})

test('wrong options are refused at once, all of them', () => {
  const wrong = (): unknown =>
    createLifecycle({
      checks: { 'data base': () => {}, queue: { run: 'select 1' as never }, cache: { run: () => {}, timeuot: 1 } as never },
      timeout: '8s',
      drainDelay: '5s',
      report: 'console' as never,
    })
  expect(wrong).toThrow(ConfigurationError)
  expect(wrong).toThrow(
    /checks: .*checks\.queue\.run: expected a function.*checks\.cache\.timeuot: unknown option; did you mean timeout/,
  )
  expect(wrong).toThrow(/timeout: expected more than drainDelay and closeTimeout together/)
  expect(() => createLifecycle({ checks: [] as never })).toThrow(/checks: expected functions/)
  expect(() => createLifecycle().onClose('pool', undefined as never)).toThrow(/close: expected a function/)
})
