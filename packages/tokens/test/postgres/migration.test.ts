import { available, sharedDatabase, type Database } from '@wardstone/testkit/servers'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { migratePostgres, postgresFeed, postgresMigration, postgresStore } from '../../src/postgres.ts'
import { poolOf, urlOf } from './places.ts'
import { newSession, settingsOf } from './sessions.ts'

const OBJECTS = `
  select 'f ' || p.proname as name from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname = $1
  union all select 't ' || c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = $1 and c.relkind = 'r' order by 1`

describe.skipIf(!(await available('postgres')))('the tables', { timeout: 20_000 }, () => {
  let database: Database
  let pool: pg.Pool
  const objects = async (schema: string): Promise<readonly string[]> =>
    (await pool.query<{ name: string }>(OBJECTS, [schema])).rows.map(({ name }) => name)

  beforeAll(async () => {
    database = await sharedDatabase()
    pool = poolOf(database.url)
  })
  afterAll(async () => {
    await pool?.end()
    await database?.drop()
  })

  it('[TOK-13] are made once by processes that start together', async () => {
    await Promise.all(Array.from({ length: 8 }, () => migratePostgres(pool)))
    const some = ['f token_v1_create', 'f token_v1_rotate', 't token_family', 't token_revocation', 't token_subject']
    expect(await objects('wardstone')).toEqual(expect.arrayContaining(some))
  })

  it('[TOK-13] go as they came, and may come again', async () => {
    const { up, down } = postgresMigration({ schema: 'other' })
    await pool.query(up)
    const made = await objects('other')
    expect(made).toEqual(await objects('wardstone'))
    await pool.query(up) // what is there stays
    await pool.query(down)
    expect(await objects('other')).toEqual([])
    await pool.query(down)
    await migratePostgres(pool, { schema: 'other' })
    expect(await objects('other')).toEqual(made)
  })

  it('[TOK-13] are used with no more rights than the documentation says', async () => {
    await migratePostgres(pool)
    const [app, verifier] = [`app_${database.name}`, `verifier_${database.name}`]
    const tables = ['family', 'subject', 'revocation'].map((name) => `wardstone.token_${name}`).join(', ')
    await pool.query(`create role ${app} login; create role ${verifier} login; grant usage on schema wardstone to ${app}, ${verifier};
      grant select, insert, update, delete on ${tables} to ${app};
      grant select, insert, update on wardstone.token_everyone to ${app};
      grant select on wardstone.token_revocation to ${verifier}`)
    const [asApp, asVerifier] = [app, verifier].map((user) => poolOf(urlOf(database, user), { max: 2 })) as [pg.Pool, pg.Pool]
    const store = postgresStore({ sql: asApp, every: '60s' })
    const issuer = 'https://rights.example'
    store.configure(settingsOf('rights'))
    const feed = postgresFeed({ sql: asVerifier, issuer, every: '60s' })
    try {
      await migratePostgres(asApp) // nothing to do, so nothing that it may not
      const session = newSession()
      await store.create(session)
      const { shard, sid, secretHash } = session
      await store.rotate({ shard, sid, secretHash, generation: 0, kid: 'k', client: {}, knownDead: false })
      await store.confirm(shard, sid, 0)
      await store.list(shard)
      await store.judge({ shard, sid, epoch: 0, claimsEpoch: 0 })
      await store.endOthers(shard, 'x')
      await store.end(shard, sid, 'revoked')
      await store.touchClaims(shard)
      await store.endAll(shard)
      await store.endEveryone()
      await store.cleanup()
      await feed.refresh()
      await expect(asVerifier.query('select from wardstone.token_family')).rejects.toMatchObject({ code: '42501' })
      await expect(migratePostgres(asVerifier, { schema: 'third' })).rejects.toMatchObject({
        code: 'postgres_statement_failed',
        sqlState: '42501',
      })
    } finally {
      store.close()
      feed.close()
      await asApp.end()
      await asVerifier.end()
      await pool.query(`drop owned by ${app}, ${verifier}; drop role ${app}; drop role ${verifier}`)
    }
  })

  it('have a name that is a name', () => {
    for (const schema of ['a"b', 'Upper', '', 'x; drop table y', '1a', 'é'])
      expect(() => postgresMigration({ schema })).toThrow(expect.objectContaining({ code: 'invalid_options' }))
  })

  it('keep what a refresh changes out of every index', async () => {
    const { rows } = await pool.query<{ columns: string }>(
      `select string_agg(a.attname, ' ') as columns from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any (i.indkey)
        where i.indrelid = 'wardstone.token_family'::regclass`,
    )
    expect(rows[0]?.columns.split(' ').toSorted()).toEqual(['namespace', 'namespace', 'shard', 'sid'])
  })
})
