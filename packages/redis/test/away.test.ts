import { afterEach, describe, expect, it } from 'vitest'
import { available, startRedis, type RedisServer } from '@wardstone/testkit/servers'
import type { RedisEvent } from '../src/index.ts'
import { add, clientOf, connect, echo, look, outcome, until, within } from './kit.ts'

/** Longer than anything that is waited for here, and far shorter than what ioredis alone would take. */
const PATIENCE_MS = 5_000
const brief = { deadlineMs: 100 }
const patient = { deadlineMs: PATIENCE_MS }

describe.skipIf(!(await available('redis-server')))('a Redis that is away', { timeout: 30_000 }, () => {
  let server: RedisServer
  afterEach(() => server.stop())

  const count = async (key: string): Promise<unknown> => {
    const client = clientOf(server, { enableOfflineQueue: true, maxRetriesPerRequest: null })
    return (await client.get(key)) ?? '0'
  }

  it.each([false, true])(
    'refuses when the application starts, comes later, and is used (lazyConnect %s)',
    async (lazyConnect) => {
      server = await startRedis()
      await server.stop()
      const client = clientOf(server, { lazyConnect })
      const redis = connect(client, { breaker: { openFor: 10, openAtMost: 10 } })
      for (let i = 0; i < 3; i++) {
        const answer = await within('an answer', outcome(redis.run(add, ['ours'], [], brief)))
        expect(answer).toMatchObject({ code: 'store_unavailable', reason: 'connection', retryable: true, mayHaveRun: false })
      }
      expect(String(((await outcome(redis.run(add, ['ours'], [], brief))) as Error).cause)).toContain('ECONNREFUSED')
      await server.start()
      await until(async () => !((await outcome(redis.run(echo, ['a'], ['x'], brief))) instanceof Error))
      expect(await count('ours')).toBe('0') // nothing that was given up has run
    },
  )

  it('is waited for within the deadline', async () => {
    server = await startRedis()
    await server.stop()
    const redis = connect(clientOf(server))
    const answer = redis.run(add, ['a'], [], patient)
    await server.start()
    expect(await answer).toEqual({ value: 1 })
  })

  it('is not asked late: what was given up while it was away does not run, as it does from the queue of the client', async () => {
    server = await startRedis()
    await server.stop()
    const client = clientOf(server, { enableOfflineQueue: true, maxRetriesPerRequest: null })
    const redis = connect(client)
    const naive = client.incr('naive')
    expect(await outcome(redis.run(add, ['ours'], [], brief))).toMatchObject({ mayHaveRun: false })
    await server.start()
    await within('the late answer', naive)
    await redis.run(echo, ['a'], ['x'], patient)
    expect([await count('naive'), await count('ours')]).toEqual(['1', '0'])
  })

  it('hangs in mid-call: answers come within the deadline, and late replies reach nobody', async () => {
    server = await startRedis()
    const redis = connect(clientOf(server), { breaker: false })
    expect(await redis.run(add, ['a'], [], patient)).toEqual({ value: 1 })
    await server.hang()
    const lost = await within(
      'answers',
      Promise.all(Array.from({ length: 50 }, () => outcome(redis.run(echo, ['a'], ['late'], brief)))),
    )
    for (const error of lost) {
      expect(error).toMatchObject({ code: 'store_unavailable', reason: 'deadline', retryable: true, mayHaveRun: true })
    }
    const waiting = Array.from({ length: 50 }, (_, i) => redis.run(echo, ['a'], [`mine ${i}`], patient))
    server.resume()
    expect((await Promise.all(waiting)).map(({ value }) => value)).toEqual(waiting.map((_, i) => `mine ${i}`))
  })

  it.each([false, true])(
    'is never asked twice, though ioredis would when a connection breaks (automatic pipelining %s)',
    async (on) => {
      server = await startRedis()
      const client = clientOf(server, { enableOfflineQueue: true, maxRetriesPerRequest: null, enableAutoPipelining: on })
      const redis = connect(client)
      await redis.run(add, ['ours'], [], patient)
      await client.incr('naive')
      await server.hang()
      const [ours, naive] = [outcome(redis.run(add, ['ours'], [], patient)), client.incr('naive')]
      await until(() => client.stream.writableLength === 0 && client.commandQueue.length > 1)
      client.stream.destroy() // the server has both commands, and has answered neither
      server.resume()
      expect(await ours).toMatchObject({ code: 'store_unavailable', mayHaveRun: true })
      await within('the answer of the naive one', naive)
      expect([await count('naive'), await count('ours')]).toEqual(['3', '2'])
    },
  )

  it('is killed and comes back empty: scripts are sent whole again, and the application goes on', async () => {
    server = await startRedis()
    const events: RedisEvent[] = []
    const redis = connect(clientOf(server), {
      breaker: { openFor: 20, openAtMost: 20 },
      events: (event) => void events.push(event),
    })
    await redis.run(add, ['a'], [], patient)
    await server.kill()
    for (let i = 0; i < 8; i++) {
      expect(await within('an answer', outcome(redis.run(add, ['a'], [], brief)))).toMatchObject({ code: 'store_unavailable' })
    }
    await server.start()
    await until(async () => !((await outcome(redis.run(look, ['a'], [], brief))) instanceof Error))
    expect(await redis.run(add, ['a'], [], patient)).toEqual({ value: 1 })
    expect(events.map(({ name }) => name)).toEqual(['redis_unavailable', 'redis_recovered'])
    expect(events[0]).toMatchObject({ severity: 'warn', at: expect.any(Number), data: { node: '', deadlineMs: 100 } })
  })

  it('is left alone after five failures, and calls with much more time are judged apart', async () => {
    server = await startRedis()
    const redis = connect(clientOf(server), { breaker: { openFor: '1m', openAtMost: '1m' } })
    await redis.run(echo, ['a'], ['x'], brief)
    await server.hang()
    for (let i = 0; i < 5; i++) expect(await outcome(redis.run(echo, ['a'], ['x'], brief))).toMatchObject({ reason: 'deadline' })
    const refused = await outcome(redis.run(echo, ['a'], ['x'], brief))
    expect(refused).toMatchObject({ reason: 'breaker', mayHaveRun: false, retryable: true })
    expect((refused as { retryAfterMs?: number }).retryAfterMs).toBeGreaterThan(1_000)
    expect(redis.stats()).toMatchObject({ expired: 5, refused: 1, open: 1 })
    server.resume()
    expect(await redis.run(echo, ['a'], ['x'], patient)).toEqual({ value: 'x' })
  })

  it.each([
    ['with', { openFor: 10, openAtMost: 20 }],
    ['without', false],
  ] as const)('hangs for good behind its address: the silent connection is dropped (%s a breaker)', async (_with, breaker) => {
    server = await startRedis()
    const client = clientOf(server)
    const redis = connect(client, { breaker })
    await redis.run(echo, ['a'], ['x'], patient)
    const before = client.stream
    await server.hang()
    await until(async () => {
      await outcome(redis.run(echo, ['a'], ['x'], { deadlineMs: 20 }))
      return before.destroyed
    })
    expect(redis.stats().dropped).toBeGreaterThan(0)
    server.resume()
    await until(async () => !((await outcome(redis.run(echo, ['a'], ['x'], brief))) instanceof Error))
    expect(client.stream).not.toBe(before)
  })

  it('is slow but not silent: its connection is kept', async () => {
    server = await startRedis()
    const client = clientOf(server)
    const redis = connect(client, { breaker: { openFor: 10, openAtMost: 10 } })
    await redis.run(echo, ['a'], ['x'], patient)
    const before = client.stream
    for (let i = 0; i < 5; i++) {
      await server.hang()
      for (let j = 0; j < 6; j++) await outcome(redis.run(echo, ['a'], ['x'], { deadlineMs: 10 }))
      const said = client.ping()
      server.resume()
      await said
    }
    expect([client.stream === before, redis.stats().dropped]).toEqual([true, 0])
  })

  it('is closed: calls fail at once, the client stays as it was', async () => {
    server = await startRedis()
    const client = clientOf(server)
    const listeners = (): number => ['ready', 'end', 'error'].reduce((sum, name) => sum + client.listenerCount(name), 0)
    const before = listeners()
    const redis = connect(client)
    await redis.run(echo, ['a'], ['x'], patient)
    redis.close()
    expect(await outcome(redis.run(echo, ['a'], ['x'], patient))).toMatchObject({ reason: 'closed', mayHaveRun: false })
    expect(await outcome(redis.subscribe('c', { message: () => {}, gap: () => {} }))).toMatchObject({ reason: 'closed' })
    expect([listeners(), await client.ping()]).toEqual([before, 'PONG'])
  })
})
