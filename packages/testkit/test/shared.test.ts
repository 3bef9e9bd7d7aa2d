import { Redis } from 'ioredis'
import pg from 'pg'
import { afterEach, describe, expect, it } from 'vitest'
import { available, sharedDatabase, sharedRedis, startProcesses, type Processes } from '../src/servers.ts'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

async function share(inputs: readonly boolean[]): Promise<Processes> {
  const processes = await startProcesses(new URL('./scripts/share.ts', import.meta.url), inputs)
  closing.push(() => processes.stop())
  return processes
}

const here = (await available('redis')) && (await available('postgres'))

describe.skipIf(!here)('servers of a run', { timeout: 30_000 }, () => {
  it('give everybody a word and a database of their own', async () => {
    const [mine, theirs] = [await sharedRedis(), await sharedRedis()]
    const databases = [await sharedDatabase(), await sharedDatabase()]
    for (const database of databases) closing.push(() => database.drop())
    expect(new Set([mine.word, theirs.word, ...databases.map(({ name }) => name)]).size).toBe(4)
    for (const { url, name } of databases) {
      const client = new pg.Client({ connectionString: url })
      await client.connect()
      expect((await client.query('select current_database() as name')).rows).toEqual([{ name }])
      await client.end()
    }
  })

  it('are cleared of what carries a word, and of nothing else', async () => {
    const [mine, theirs] = [await sharedRedis(), await sharedRedis()]
    const redis = new Redis(mine.url)
    closing.push(() => redis.disconnect())
    closing.push(() => theirs.clear())
    for (const { word } of [mine, theirs]) await redis.mset(`ws:v1:${word}:a`, 1, `${word}:b`, 1)
    await mine.clear()
    expect(await redis.exists(`ws:v1:${mine.word}:a`, `${mine.word}:b`)).toBe(0)
    expect(await redis.exists(`ws:v1:${theirs.word}:a`, `${theirs.word}:b`)).toBe(2)
  })

  it('are the same in every process of the run', async () => {
    const processes = await share([false, false])
    await processes.go()
    const database = await sharedDatabase()
    closing.push(() => database.drop())
    const mine = { redis: (await sharedRedis()).url, postgres: new URL(database.url).host }
    expect(await processes.results()).toEqual([mine, mine])
  })

  it.skipIf(process.env['REDIS_URL'] !== undefined || process.env['DATABASE_URL'] !== undefined)('end with the run', async () => {
    const processes = await share([true])
    await processes.go()
    const [{ redis, postgres } = { redis: '', postgres: '' }] = await processes.results<{ redis: string; postgres: string }>()
    await expect(fetch(`http://${new URL(redis).host}`)).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } })
    await expect(fetch(`http://${postgres}`)).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } })
  })
})
