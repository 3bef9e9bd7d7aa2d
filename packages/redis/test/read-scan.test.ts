import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { available, sharedRedis, startRedis, type SharedRedis } from '@wardstone/testkit/servers'
import { add, all, clientOf, connect, later, outcome, within } from './kit.ts'

const soon = { deadlineMs: 2_000 }

describe.skipIf(!(await available('redis')))('reading', () => {
  let server: SharedRedis
  beforeAll(async () => {
    server = await sharedRedis()
  })
  afterAll(() => server.clear())

  describe.each([2, 3] as const)('a stream with RESP%i', (protocol) => {
    it('goes on after an id, page by page, with bytes as they are', async () => {
      const client = clientOf(server, { protocol, enableOfflineQueue: true })
      const redis = connect(client)
      const stream = `${server.word}:stream:${protocol}`
      expect(await redis.read(stream, '0-0', 10, soon)).toEqual([])
      for (let i = 1; i <= 5; i++) await client.xadd(stream, `7-${i}`, 'n', `${i}`, 'bytes', Buffer.from([255, i]))
      const seen: string[] = []
      let after = '0-0'
      for (;;) {
        const page = await redis.read(stream, after, 2, soon)
        if (page.length === 0) break
        for (const { id, fields } of page) {
          seen.push(`${id} ${String(fields.get('n'))}`)
          expect(fields.get('bytes')).toEqual(Buffer.from([255, seen.length]))
          after = id
        }
      }
      expect(seen).toEqual(['7-1 1', '7-2 2', '7-3 3', '7-4 4', '7-5 5'])
    })
  })

  it('refuses ids that are none, and limits', async () => {
    const redis = connect(clientOf(server))
    for (const after of ['', '$', '0', '-', '(1-1', '1-1 COUNT']) {
      expect(await outcome(redis.read('s', after, 1, soon))).toMatchObject({ code: 'invalid_argument' })
    }
    for (const limit of [0, 1.5, Number.POSITIVE_INFINITY]) {
      expect(await outcome(redis.read('s', '0-0', limit, soon))).toMatchObject({ code: 'invalid_argument' })
    }
  })

  it('fails for good what is no stream', async () => {
    const redis = connect(clientOf(server))
    const key = `${server.word}:s3cret`
    await redis.run(add, [key], [], soon)
    const error = await outcome(redis.read(key, '0-0', 1, soon))
    expect(error).toMatchObject({ code: 'redis_command_failed', command: 'XRANGE', answer: 'WRONGTYPE' })
    expect((error as Error).message).not.toContain('s3cret')
  })

  it('finds all keys of a pattern, without the prefix of the client', async () => {
    const redis = connect(clientOf(server, { keyPrefix: `${server.word}[*]:` }))
    const names = Array.from({ length: 300 }, (_, i) => `key:${i}`)
    await Promise.all(names.map((name) => redis.run(add, [name], [], soon)))
    expect(new Set(await all(redis.scan('key:*', { count: 20 })))).toEqual(new Set(names))
    expect(await all(redis.scan('other:*', { count: 20 }))).toEqual([])
  })
})

describe.skipIf(!(await available('redis-server')))('reading from a server that hangs', () => {
  it('fails typed, within its deadline', async () => {
    const server = await startRedis()
    later(() => server.stop())
    const redis = connect(clientOf(server))
    await redis.run(add, ['a'], [], soon)
    await server.hang()
    const failed = { code: 'store_unavailable', reason: 'deadline', retryable: true }
    expect(await within('an answer', outcome(redis.read('s', '0-0', 1, { deadlineMs: 50 })))).toMatchObject(failed)
    expect(await within('an answer', outcome(all(redis.scan('*', { deadlineMs: 50 }))))).toMatchObject(failed)
    // They are judged like all other calls to this server.
    for (let i = 0; i < 8; i++) await outcome(all(redis.scan('*', { deadlineMs: 50 })))
    expect(await outcome(redis.read('s', '0-0', 1, { deadlineMs: 50 }))).toMatchObject({ reason: 'breaker' })
    server.resume()
  })
})
