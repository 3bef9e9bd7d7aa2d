import { available, sharedDatabase, startPostgres, type Database } from '@wardstone/testkit/servers'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { migratePostgres } from '../../src/postgres.ts'
import { Database as Asked } from '../../src/lib/postgres/database.ts'
import { PostgresSource } from '../../src/lib/postgres/source.ts'
import { poolOf } from './places.ts'

const INSERT = `insert into wardstone.token_revocation (namespace, kind, name, epoch, claims_epoch, until)
  select $1, 'session', $2 || case when $3 > 1 then i::text else '' end, 0, 0, 9e15 from generate_series(1, $3::int) i`

describe.skipIf(!(await available('postgres')))('reading revocations from PostgreSQL', { timeout: 20_000 }, () => {
  let database: Database
  let pool: pg.Pool
  let open: pg.Client
  const sourceOf = (namespace: string): PostgresSource =>
    new PostgresSource(new Asked(pool, 5_000), '"wardstone"', namespace, () => 0)
  const namesOf = async (source: PostgresSource, cursor?: string): Promise<{ names: readonly string[]; cursor: string }> => {
    const batch = await source.read(cursor)
    return { names: batch.revocations.map((r) => (r.kind === 'session' ? r.sid : r.kind)), cursor: batch.cursor }
  }

  beforeAll(async () => {
    database = await sharedDatabase()
    pool = poolOf(database.url)
    await migratePostgres(pool)
    open = new pg.Client(database.url)
    await open.connect()
  })
  afterAll(async () => {
    await open?.end()
    await pool?.end()
    await database?.drop()
  })

  it('[TOK-10] [TOK-13] misses none that is committed after later ones, however long that took', async () => {
    const source = sourceOf('order')
    await open.query('begin')
    await open.query(INSERT, ['order', 'slow', 1])
    await pool.query(INSERT, ['order', 'quick', 1])
    const first = await namesOf(source)
    expect(first.names).toEqual(['quick'])
    await pool.query(INSERT, ['order', 'later', 1])
    const second = await namesOf(source, first.cursor)
    await open.query('commit')
    const third = await namesOf(source, second.cursor)
    expect(third.names).toContain('slow')
    // Nothing is on the way any more: there is nothing to read again.
    expect((await namesOf(source, (await namesOf(source, third.cursor)).cursor)).names).toEqual([])
  })

  it('[TOK-10] [TOK-13] reads more than a page, and goes on where it began', async () => {
    const source = sourceOf('pages')
    await pool.query(INSERT, ['pages', 'n', 2_500])
    const { names, cursor } = await namesOf(source)
    expect([names.length, new Set(names).size]).toEqual([2_500, 2_500])
    await pool.query(INSERT, ['pages', 'new', 1])
    expect((await namesOf(source, cursor)).names).toContain('new')
  })

  it('[TOK-10] [TOK-13] leaves out what nobody has to remember any more, and what it does not know', async () => {
    const text = `insert into wardstone.token_revocation (namespace, kind, name, epoch, claims_epoch, until) values ($1, $2, 'x', 0, 0, $3)`
    await pool.query(text, ['old', 'session', 1])
    await pool.query(text, ['old', 'a later kind', 9e15])
    expect((await namesOf(sourceOf('old'))).names).toEqual([])
  })
})

describe.skipIf(!(await available('postgres-server')))('a server that was started again', { timeout: 20_000 }, () => {
  it('[TOK-10] [TOK-13] is read from the beginning, since its numbers may be others', async () => {
    const server = await startPostgres()
    const pool = poolOf(server.url)
    try {
      await migratePostgres(pool)
      const source = new PostgresSource(new Asked(pool, 5_000), '"wardstone"', 'n', () => 0)
      await pool.query(INSERT, ['n', 'before', 1])
      // As if another server had given out a million transactions more before it was lost.
      const { cursor } = await source.read(undefined)
      const ahead = cursor.replace(/\d+$/, (xid) => String(Number(xid) + 1_000_000))
      expect((await source.read(ahead)).revocations).toEqual([])
      await server.restart()
      const read = async (): Promise<number | undefined> => (await source.read(ahead).catch(() => undefined))?.revocations.length
      await expect.poll(read, { timeout: 10_000 }).toBe(1)
    } finally {
      await pool.end()
      await server.stop()
    }
  })
})
