import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Redis } from 'ioredis'
import { available, startSentinel, type RedisSentinel } from '@wardstone/testkit/servers'
import { add, connect, later, look, outcome, until } from './kit.ts'

const DEADLINE_MS = 200

describe.skipIf(!(await available('redis-server')))('Redis with Sentinel', { timeout: 60_000 }, () => {
  let sentinel: RedisSentinel
  beforeEach(async () => {
    sentinel = await startSentinel()
  }, 30_000)
  afterEach(() => sentinel.stop())

  /** As an application has it: nothing here knows that masters change. */
  function client(): Redis {
    const made = new Redis({
      sentinels: [...sentinel.sentinels],
      name: sentinel.name,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 1,
      retryStrategy: () => 20,
      sentinelRetryStrategy: () => 20,
    })
    later(() => made.disconnect())
    return made
  }

  it.each(['kill', 'hang', 'failover'] as const)(
    '%s of the master under load: answers in time, and the new one is found',
    async (fault) => {
      const redis = connect(client(), { breaker: { openFor: 20, openAtMost: 100 } })
      let [answered, doubtful, slowest, going] = [0, 0, 0, true]
      const load = async (): Promise<void> => {
        while (going) {
          const began = performance.now()
          const answer = await outcome(redis.run(add, ['count'], [], { deadlineMs: DEADLINE_MS, acks: 1 }))
          slowest = Math.max(slowest, performance.now() - began)
          if (!(answer instanceof Error) && answer.acked === 1) answered++
          else doubtful++
          if (answer instanceof Error) expect(answer).toMatchObject({ code: 'store_unavailable', retryable: true })
          await new Promise((resolve) => setTimeout(resolve, 2))
        }
      }
      const loads = Array.from({ length: 8 }, load)
      await until(() => answered > 100)
      const before = await sentinel.master()
      await sentinel.settled(before)
      if (fault === 'failover') await sentinel.failover()
      else {
        await before[fault]()
        await sentinel.elected(before)
      }
      await until(
        async () => !((await outcome(redis.run(add, ['other'], [], { deadlineMs: DEADLINE_MS }))) instanceof Error),
        15_000,
      )
      const master = await sentinel.master()
      expect(master).not.toBe(before)
      expect(Number(await master.call('GET', 'other'))).toBeGreaterThan(0)
      going = false
      await Promise.all(loads)
      const count = Number((await redis.run(look, ['count'], [], { deadlineMs: 2_000 })).value)
      // What a replica had acknowledged is there; nothing ran twice.
      expect([count >= answered, count <= answered + doubtful]).toEqual([true, true])
      expect(slowest).toBeLessThan(10 * DEADLINE_MS)
    },
  )

  it('finds that its master takes no writes any more, and looks for the one that does', async () => {
    const made = client()
    const redis = connect(made, { breaker: false })
    await redis.run(add, ['a'], [], { deadlineMs: 1_000 })
    const [master, replica] = [await sentinel.master(), await sentinel.replica()]
    const connection = made.stream
    await sentinel.sentinel.hang() // it would cut connections
    await master.call('CONFIG', 'SET', 'replica-serve-stale-data', 'yes')
    await master.call('REPLICAOF', replica.host, replica.port)
    expect(await outcome(redis.run(add, ['a'], [], { deadlineMs: 1_000 }))).toMatchObject({
      code: 'store_unavailable',
      message: expect.stringContaining('READONLY') as string,
      mayHaveRun: false,
    })
    expect(connection.destroyed).toBe(true)
    expect(redis.stats().dropped).toBe(1)
    sentinel.sentinel.resume()
  })
})
