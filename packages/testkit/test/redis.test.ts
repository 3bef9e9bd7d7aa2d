import { Redis } from 'ioredis'
import { afterEach, describe, expect, it } from 'vitest'
import { available, startRedis } from '../src/servers.ts'
import { foldersOf, orSilence, runs } from './traces.ts'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

/** A client that stays, as an application's does. */
function client(url: string): Redis {
  const redis = new Redis(url, { retryStrategy: () => 20, maxRetriesPerRequest: null })
  redis.on('error', () => {})
  closing.push(() => redis.disconnect())
  return redis
}

describe.skipIf(!(await available('redis-server')))('a Redis of our own', () => {
  it('hangs with its connections open, and answers what was asked when it goes on', async () => {
    const server = await startRedis()
    closing.push(() => server.stop())
    const redis = client(server.url)
    await redis.set('key', 'value')
    await server.hang()
    const asked = redis.get('key')
    expect(await orSilence(asked)).toBe('silence')
    server.resume()
    expect(await asked).toBe('value')
  })

  it('comes back empty on its port after it was killed, and clients find it', async () => {
    const server = await startRedis()
    closing.push(() => server.stop())
    const redis = client(server.url)
    await redis.set('key', 'value')
    const before = server.pid
    await server.kill()
    expect(runs(before)).toBe(false)
    await server.start()
    expect([await redis.get('key'), server.pid === before]).toEqual([null, false])
  })

  it('forgets everything when it is flushed, or restarted in good order', async () => {
    const server = await startRedis()
    closing.push(() => server.stop())
    const redis = client(server.url)
    await redis.set('key', 'value')
    await server.flush()
    expect(await redis.get('key')).toBe(null)
    await redis.set('key', 'value')
    await server.restart()
    expect(await redis.get('key')).toBe(null)
  })

  it('is configured as redis.conf would, a password included', async () => {
    const server = await startRedis({ config: { requirepass: 's3cret/', 'maxmemory-policy': 'allkeys-lru' } })
    closing.push(() => server.stop())
    expect(await server.call('CONFIG', 'GET', 'maxmemory-policy')).toEqual(['maxmemory-policy', 'allkeys-lru'])
    expect(await client(server.url).ping()).toBe('PONG')
  })

  it('leaves nothing behind, be it stopped while it hangs', async () => {
    const before = foldersOf(process.pid)
    const servers = [await startRedis(), await startRedis()] as const
    await servers[0].hang()
    await Promise.all(servers.map((server) => server.stop()))
    expect(servers.map(({ pid }) => runs(pid))).toEqual([false, false])
    expect(foldersOf(process.pid)).toEqual(before)
  })
})
