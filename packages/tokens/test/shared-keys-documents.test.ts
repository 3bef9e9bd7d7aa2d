import { randomUUID } from 'node:crypto'
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generateSecret, secretRing } from '@wardstone/core'
import { createRedis, type RedisConnection } from '@wardstone/redis'
import { fakeClock } from '@wardstone/testkit'
import { available, sharedRedis } from '@wardstone/testkit/servers'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createSharedKeySet, fileKeyDocument, memoryKeyDocument } from '../src/index.ts'
import { postgresKeyDocument } from '../src/postgres.ts'
import { redisKeyDocument } from '../src/redis.ts'
import { itKeepsKeys } from './kit/key-document-cases.ts'
import { Place } from './postgres/places.ts'
import { CLIENT } from './stores/stages.ts'
import { until } from './stores/until.ts'

describe('keys in memory', () =>
  itKeepsKeys(() => {
    const clock = fakeClock()
    return { clock, document: memoryKeyDocument({ now: clock.now }) }
  }))

describe.skipIf(!(await available('redis')))('keys in Redis', () => {
  let client: Redis
  let redis: RedisConnection
  let clear: () => Promise<void>
  beforeAll(async () => {
    const server = await sharedRedis()
    clear = () => server.clear()
    client = new Redis(server.url, CLIENT)
    await until('Redis', () => client.status === 'ready' || undefined)
    redis = createRedis({ client })
  }, 30_000)
  afterAll(async () => {
    await clear()
    redis?.close()
    client?.disconnect()
  })
  const issuer = (): string => `https://${randomUUID()}.example`
  itKeepsKeys(() => {
    const clock = fakeClock(Date.now())
    return { clock, document: redisKeyDocument({ redis, issuer: issuer(), testClockOffset: clock.offset, deadline: '4s' }) }
  })

  it('[TOK-6] are each issuer’s own, in a key that never expires', async () => {
    const [one, other] = [issuer(), issuer()]
    const document = redisKeyDocument({ redis, issuer: one })
    await document.write(undefined, 'a', Number.MAX_SAFE_INTEGER)
    expect((await redisKeyDocument({ redis, issuer: other }).read()).stored).toBeUndefined()
    expect((await redisKeyDocument({ redis, issuer: one }).read()).stored?.text).toBe('a')
  })
})

describe.skipIf(!(await available('postgres')))('keys in PostgreSQL', { timeout: 20_000 }, () => {
  let place: Place
  beforeAll(async () => {
    place = await Place.shared()
  }, 30_000)
  afterAll(() => place?.close())
  itKeepsKeys(() => {
    const clock = fakeClock(Date.now())
    const issuer = `https://${randomUUID()}.example`
    return { clock, document: postgresKeyDocument({ sql: place.sql, issuer, testClockOffset: clock.offset, deadline: '4s' }) }
  })
})

describe('keys in a file', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'wardstone-keys-'))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))
  const ring = secretRing({ current: generateSecret() })
  const options = { ring, algorithm: 'EdDSA' } as const

  it('[TOK-6] are changed by a job, and followed by services that only read them', async () => {
    const clock = fakeClock()
    const path = join(folder, 'keys.json')
    const job = await createSharedKeySet({
      ...options,
      document: fileKeyDocument(path, { writable: true, now: clock.now }),
      now: clock.now,
    })
    const service = await createSharedKeySet({
      ...options,
      document: fileKeyDocument(path, { now: clock.now }),
      now: clock.now,
    })
    const { kid } = await job.rotate()
    await service.tick()
    expect(service.stageOf(kid)).toBe('published')
    clock.advance('7m')
    expect([service.signer().kid, job.signer().kid]).toEqual([kid, kid])
    await job.remove(kid)
    await service.tick()
    expect(service.candidates(kid)).toEqual([])
    expect([(await stat(path)).mode & 0o777, await readdir(folder)]).toEqual([0o600, ['keys.json']])
    const before = await readFile(path, 'utf8')
    clock.advance('365d')
    await service.tick() // is due, and is not its business
    for (const change of [service.rotate(), service.remove(service.signer().kid)])
      await expect(change).rejects.toMatchObject({ code: 'key_document_read_only', retryable: false })
    expect([await readFile(path, 'utf8'), service.candidates(service.signer().kid).length]).toEqual([before, 1])
    for (const set of [job, service]) set.close()
  })

  it('[TOK-6] that are not there are an error at the start of a service, and a file without a right leaves the keys as they were', async () => {
    await expect(createSharedKeySet({ ...options, document: fileKeyDocument(join(folder, 'none')) })).rejects.toMatchObject({
      code: 'key_document_empty',
    })
    const path = join(folder, 'rights.json')
    const job = await createSharedKeySet({ ...options, document: fileKeyDocument(path, { writable: true }) })
    const service = await createSharedKeySet({ ...options, document: fileKeyDocument(path) })
    const { kid } = service.signer()
    await rm(path)
    await expect(service.tick()).rejects.toMatchObject({ code: 'key_document_empty', retryable: true })
    await writeFile(path, 'half a te')
    await chmod(path, 0o600)
    await expect(service.tick()).rejects.toMatchObject({ code: 'key_document_unreadable' })
    expect(service.signer().kid).toBe(kid)
    for (const set of [job, service]) set.close()
  })
})

describe('options', () => {
  it('[TOK-6] that are wrong are told all at once, without their values', async () => {
    const wrong = createSharedKeySet({
      document: 'a secret text' as never,
      ring: 'a secret text' as never,
      poll: 5,
      rotateEvery: '1m',
      skew: '2m',
    })
    const error = (await wrong.catch((e: unknown) => e)) as Error
    expect(error).toMatchObject({ code: 'invalid_options' })
    for (const name of ['document', 'ring', 'poll', 'rotateEvery', 'skew']) expect(error.message).toContain(`${name}: `)
    expect(error.message).not.toContain('secret text')
    expect(() => redisKeyDocument({} as never)).toThrow(/redis: required.*issuer: required/)
    expect(() => postgresKeyDocument({} as never)).toThrow(/sql: required.*issuer: required/)
    expect(() => fileKeyDocument('')).toThrow('path: ')
  })
})
