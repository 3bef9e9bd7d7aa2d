import { available, sharedDatabase, type Database } from '@wardstone/testkit/servers'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { migratePostgres, postgresStore, type PostgresSessionStore } from '../../src/postgres.ts'
import { poolOf } from './places.ts'
import { newSession, refresh, settingsOf } from './sessions.ts'

/** Forty thousand sessions of ten thousand subjects, and as many revocations. */
const FILL = `
  insert into wardstone.token_subject select 'plans', 'shard' || i, 0, 0, 9e15 from generate_series(1, 10000) i;
  insert into wardstone.token_family select 'plans', lpad(i::text, 22, 'x'), 'shard' || (i / 4), 'sub', '\\x00', 0, 0, 9e15, 0, 'k', 0, 9e15, 0, 0, null,
    false, false, 0, null, null, null, null from generate_series(1, 40000) i;
  insert into wardstone.token_revocation (namespace, kind, name, epoch, claims_epoch, until)
    select 'plans', 'session', i::text, 0, 0, 1 from generate_series(1, 40000) i;
  analyze wardstone.token_family, wardstone.token_subject, wardstone.token_revocation`

describe.skipIf(!(await available('postgres')))('the plans of the statements', { timeout: 30_000 }, () => {
  let database: Database
  let pool: pg.Pool
  let store: PostgresSessionStore
  beforeAll(async () => {
    database = await sharedDatabase()
    pool = poolOf(database.url, { max: 1 })
    await migratePostgres(pool)
    await pool.query(FILL)
    store = postgresStore({ sql: pool, every: '60s', deadline: '10s' })
    store.configure(settingsOf('plans'))
  }, 60_000)
  afterAll(async () => {
    store?.close()
    await pool?.end()
    await database?.drop()
  })

  /** How often a whole table was read, by the server's own count. */
  async function scans(): Promise<Readonly<Record<string, number>>> {
    await pool.query('select pg_stat_force_next_flush()')
    const { rows } = await pool.query<{ name: string; scans: string }>(
      `select relname as name, seq_scan as scans from pg_stat_user_tables where schemaname = 'wardstone' and relname <> 'token_everyone'`,
    )
    return Object.fromEntries(rows.map(({ name, scans: count }) => [name, Number(count)]))
  }

  it('[TOK-13] read no table as a whole, however often they run', async () => {
    const before = await scans()
    // Plans for all values are made after the fifth run.
    for (let i = 0; i < 8; i++) {
      const session = newSession({ shard: `shard${i + 1}` })
      const { shard, sid } = session
      await store.create(session)
      await refresh(store, session, 0)
      await store.confirm(shard, sid, 0)
      await store.list(shard)
      await store.judge({ shard, sid, epoch: 0, claimsEpoch: 0 })
      await store.epochs(shard)
      await refresh(store, session, 5)
      await store.end(shard, sid, 'revoked')
      await store.touchClaims(shard)
      await store.endOthers(shard, sid)
      await store.endAll(shard)
      await store.endEveryone()
      await store.cleanup({ batch: 100 })
    }
    expect(await scans()).toEqual(before)
    await pool.query('select count(*) from wardstone.token_family where late')
    expect(await scans()).not.toEqual(before) // it can be seen
  })

  it('[TOK-10] [TOK-13] read of the revocations only what is new', async () => {
    const plan = await pool.query<Record<'QUERY PLAN', string>>(
      `explain (costs off) select * from wardstone.token_revocation r where r.namespace = 'plans' and r.until > 5
        and (r.xid, r.id) > ('1000000'::xid8, 0::bigint) order by r.xid, r.id limit 1000`,
    )
    const text = plan.rows.map((row) => row['QUERY PLAN']).join('\n')
    expect(text).toMatch(/Index Cond: .*ROW\(xid, id\) > ROW\('1000000'::xid8/)
    expect(text).not.toContain('Sort')
  })
})
