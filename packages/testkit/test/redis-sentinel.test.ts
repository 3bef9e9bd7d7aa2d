import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { available, startSentinel, type RedisSentinel } from '../src/servers.ts'
import { runs } from './traces.ts'

describe.skipIf(!(await available('redis-server')))('Redis with Sentinel', { timeout: 30_000 }, () => {
  let redis: RedisSentinel
  let client: Redis

  beforeAll(async () => {
    redis = await startSentinel()
    const retry = (): number => 20
    client = new Redis({
      sentinels: [...redis.sentinels],
      name: redis.name,
      sentinelRetryStrategy: retry,
      retryStrategy: retry,
      maxRetriesPerRequest: null,
      // A master that was demoted keeps its connections.
      reconnectOnError: (error) => (error.message.startsWith('READONLY') ? 2 : false),
    })
    client.on('error', () => {})
  }, 30_000)

  afterAll(async () => {
    client.disconnect()
    await redis.stop()
    expect([...redis.nodes, redis.sentinel].map(({ pid }) => runs(pid))).toEqual([false, false, false])
  })

  it('fails over on command: the client finds the new master and its data', async () => {
    const [before, replica] = [await redis.master(), await redis.replica()]
    await client.set('key', 'value')
    await redis.settled(before)
    expect(await redis.failover()).toBe(replica)
    expect(await redis.replica()).toBe(before)
    expect([await client.set('other', 'value'), await client.get('key')]).toEqual(['OK', 'value'])
  })

  it.each(['kill', 'hang'] as const)('fails over by itself after %s', async (fault) => {
    const lost = await redis.master()
    await lost[fault]()
    const master = await redis.elected(lost)
    expect(await master.call('SET', 'key', fault)).toBe('OK')
    lost.resume()
    await lost.start()
    await redis.settled(master)
    expect(await lost.call('GET', 'key')).toBe(fault)
  })
})
