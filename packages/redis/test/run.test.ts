import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { available, sharedRedis, startRedis, type SharedRedis } from '@wardstone/testkit/servers'
import { decimal, integer, keySpace, script } from '../src/index.ts'
import { add, clientOf, connect, echo, later, look } from './kit.ts'

const soon = { deadlineMs: 2_000 }

describe.skipIf(!(await available('redis')))('a script', () => {
  let server: SharedRedis
  beforeAll(async () => {
    server = await sharedRedis()
  })
  afterAll(() => server.clear())

  describe.each([false, true])('with automatic pipelining %s', (enableAutoPipelining) => {
    it('answers, one call or many at once, each its own', async () => {
      const redis = connect(clientOf(server, { enableAutoPipelining }))
      expect(await redis.run(echo, [server.word], ['one'], soon)).toEqual({ value: 'one' })
      const words = Array.from({ length: 500 }, (_, i) => `word ${i}`)
      const answers = await Promise.all(words.map((word) => redis.run(echo, [server.word], [word], soon)))
      expect(answers.map(({ value }) => value)).toEqual(words)
      expect(redis.stats()).toMatchObject({ calls: 501, expired: 0, unavailable: 0, failed: 0 })
    })

    it('is sent whole where the server has forgotten it, once for each call, also in the middle of many', async () => {
      const client = clientOf(server, { enableAutoPipelining })
      const redis = connect(client)
      const key = `${server.word}:flushed:${enableAutoPipelining}`
      await redis.run(add, [key], [], soon)
      const calls: Promise<unknown>[] = []
      for (let i = 0; i < 200; i++) {
        calls.push(redis.run(add, [key], [], soon))
        if (i % 50 === 25) calls.push(client.script('FLUSH'))
      }
      await Promise.all(calls)
      expect(integer((await redis.run(look, [key], [], soon)).value)).toBe(201)
    })
  })

  it('is not called late when this process was busy and had no time to read the answer', async () => {
    const redis = connect(clientOf(server))
    await redis.run(echo, [server.word], ['x'], soon)
    const answer = redis.run(echo, [server.word], ['there'], { deadlineMs: 50 })
    await new Promise((resolve) => setImmediate(resolve)) // it is on the wire
    for (const end = performance.now() + 200; performance.now() < end;);
    expect(await answer).toEqual({ value: 'there' })
  })

  it('takes and returns any bytes, and texts as texts', async () => {
    const redis = connect(clientOf(server))
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i))
    const raw = script('return {ARGV[1], ARGV[2]}', { name: 'raw', buffers: true })
    const { value } = await redis.run(raw, [server.word], [bytes, Buffer.alloc(0)], soon)
    expect(value).toEqual([bytes, Buffer.alloc(0)])
    expect((await redis.run(echo, [server.word], ['grün \u{1F511}'], soon)).value).toBe('grün \u{1F511}')
  })

  it('keeps integers whole, which Lua by itself does not', async () => {
    const redis = connect(clientOf(server))
    const args = [decimal(1_793_480_000_123_456)]
    const lossy = script('return tostring(ARGV[1] + 1)', { name: 'lossy' })
    const exact = script("return string.format('%.0f', ARGV[1] + 1)", { name: 'exact' })
    expect((await redis.run(lossy, [server.word], args, soon)).value).toBe('1.7934800001235e+15')
    expect(integer((await redis.run(exact, [server.word], args, soon)).value)).toBe(1_793_480_000_123_457)
  })

  it('is refused when its keys would not share a slot, also where there is no Cluster', async () => {
    const redis = connect(clientOf(server))
    const keys = keySpace('test', server.word)
    expect((await redis.run(echo, [keys.key('a', '1'), keys.key('a', '2')], ['x'], soon)).value).toBe('x')
    for (const wrong of [[], [''], ['a', 'b'], ['{a}:1', '{b}:1'], ['{}a', '{}b'], ['a{}{x}', 'b{}{x}']]) {
      await expect(redis.run(echo, wrong, ['x'], soon)).rejects.toMatchObject({ code: 'invalid_argument' })
    }
  })

  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('is refused with a deadline of %s', async (deadlineMs) => {
    const redis = connect(clientOf(server))
    await expect(redis.run(echo, ['a'], ['x'], { deadlineMs })).rejects.toMatchObject({ code: 'invalid_argument' })
  })

  it('uses the prefix of the client for its keys', async () => {
    const client = clientOf(server, { keyPrefix: `${server.word}:pre:` })
    const redis = connect(client)
    await redis.run(add, ['count'], [], soon)
    expect(await clientOf(server, { enableOfflineQueue: true }).get(`${server.word}:pre:count`)).toBe('1')
  })

  it('fails for good when it is wrong, by name and line, without its keys and arguments', async () => {
    const redis = connect(clientOf(server))
    const key = `${server.word}:s3cret-key`
    await redis.run(add, [key], [], soon)
    const wrong = [
      [script("\nreturn redis.call('LPUSH', KEYS[1], ARGV[1])", { name: 'pushes' }), 'WRONGTYPE', 2],
      [script('return nil + 1', { name: 'adds' }), 'ERR', 1],
      [script("return redis.call('NO' .. ARGV[1], KEYS[1])", { name: 'calls' }), 'ERR', 1],
      [script("return redis.error_reply('ERR ' .. ARGV[1] .. KEYS[1])", { name: 'says' }), 'ERR', undefined],
      [script('return (', { name: 'breaks' }), 'ERR', 1],
    ] as const
    for (const [bad, answer, line] of wrong) {
      const error = await redis.run(bad, [key], ['s3cret-argument'], soon).catch((e: unknown) => e)
      expect(error).toMatchObject({ code: 'redis_command_failed', retryable: false, command: bad.name, answer, line })
      expect(everythingOf(error)).not.toContain('s3cret')
    }
    expect(redis.stats()).toMatchObject({ failed: wrong.length, open: 0 })
  })
})

describe.skipIf(!(await available('redis-server')))('a script, when memory is short', () => {
  it('is unavailable if it writes, answers if it reads, and closes no breaker', async () => {
    const server = await startRedis({ config: { maxmemory: '1', 'maxmemory-policy': 'noeviction' } })
    later(() => server.stop())
    const redis = connect(clientOf(server))
    const write = script("return redis.call('SET', KEYS[1], ARGV[1])", { name: 'write' })
    for (let i = 0; i < 30; i++) {
      const error = await redis.run(write, ['s3cret'], ['s3cret'], soon).catch((e: unknown) => e)
      expect(error).toMatchObject({
        code: 'store_unavailable',
        retryable: true,
        retryAfterMs: expect.any(Number),
        reason: 'server',
      })
      expect(everythingOf(error)).toContain('OOM')
      expect(everythingOf(error)).not.toContain('s3cret')
    }
    const read = script('#!lua flags=no-writes\nreturn 1', { name: 'read' })
    expect((await redis.run(read, ['a'], [], soon)).value).toBe(1)
  })
})

/** All texts that somebody could print of an error. */
function everythingOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return String(error)
  return Reflect.ownKeys(error)
    .map((name) => everythingOf(Reflect.get(error, name)))
    .join('\n')
}
