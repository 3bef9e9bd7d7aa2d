import type { SqlLike } from '@wardstone/core'
import { fakeClock } from '@wardstone/testkit'
import { available, sharedDatabase, type Database } from '@wardstone/testkit/servers'
import { sessionStoreCases, type SessionStage } from '@wardstone/testkit/sessions'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { NewSession } from '../../src/index.ts'
import { migratePostgres, postgresStore, type PostgresSessionStore } from '../../src/postgres.ts'
import { until } from '../stores/until.ts'
import { poolOf } from './places.ts'
import { MINUTE, newSession, refresh, settingsOf } from './sessions.ts'

const WAITING = `select count(*)::int as waiting from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`

describe.skipIf(!(await available('postgres')))('verbs that meet in PostgreSQL', { timeout: 30_000 }, () => {
  let database: Database
  let pools: readonly [pg.Pool, pg.Pool]
  let holder: pg.Client
  beforeAll(async () => {
    database = await sharedDatabase()
    pools = [poolOf(database.url), poolOf(database.url)]
    await migratePostgres(pools[0])
    holder = new pg.Client(database.url)
    await holder.connect()
  })
  afterAll(async () => {
    await holder?.end()
    for (const pool of pools ?? []) await pool.end()
    await database?.drop()
  })

  /** Until so many statements wait for a lock. */
  async function waiting(count: number): Promise<void> {
    const look = async (): Promise<boolean> => ((await holder.query<{ waiting: number }>(WAITING)).rows[0]?.waiting ?? 0) >= count
    await until('a statement that waits', look)
  }

  /** Holds every row, lets one verb come so far as it can and then the other, and lets go. */
  async function interleave(verbs: readonly [() => Promise<void>, () => Promise<void>]): Promise<void> {
    await holder.query('begin')
    const rows = ['token_family', 'token_subject', 'token_everyone'].map((name) => `select from wardstone.${name} for update`)
    for (const text of rows) await holder.query(text)
    const running: Promise<void>[] = []
    let through = 0
    for (const verb of verbs) {
      running.push(verb().finally(() => through++))
      // What nobody holds is not waited for: a verb that only reads, the first sign-in of a subject.
      const look = async (): Promise<boolean> =>
        through + ((await holder.query<{ waiting: number }>(WAITING)).rows[0]?.waiting ?? 0) >= running.length
      await until('a verb that waits or is through', look)
    }
    await holder.query('commit')
    await Promise.all(running)
  }

  /** Two processes, each with a pool of its own. */
  function stage(): SessionStage {
    const clock = fakeClock(Date.now())
    const stores: PostgresSessionStore[] = []
    return {
      clock,
      ticks: true,
      interleave,
      open: (settings) => {
        const sql = pools[stores.length % 2] as pg.Pool
        const store = postgresStore({ sql, testClockOffset: clock.offset, every: '200ms', deadline: '10s' })
        stores.push(store)
        store.configure(settings)
        return store
      },
      close: () => {
        for (const store of stores) store.close()
      },
    }
  }

  for (const row of sessionStoreCases.filter(({ topic }) => topic === 'races')) {
    it(`[TOK-3] [TOK-9] [TOK-13] both waiting for a lock: ${row.title}`, async () => {
      const place = stage()
      try {
        await row.run(place)
      } finally {
        await place.close?.()
      }
    })
  }

  it('[TOK-9] [TOK-13] sign-ins at once never leave more sessions than the maximum', async () => {
    const place = stage()
    const [a, b] = [
      await place.open({ ...settingsOf('max'), maxSessions: 3 }),
      await place.open({ ...settingsOf('max'), maxSessions: 3 }),
    ]
    const [first, ...more] = Array.from({ length: 24 }, () => newSession({ shard: 'one subject' }))
    if (first === undefined) throw new Error('no session')
    await a.create(first)
    const all = await Promise.all(more.map((session, i) => (i % 2 === 0 ? a : b).create(session)))
    expect(await a.list('one subject')).toHaveLength(3)
    const evicted = all.flatMap((one) => (one.ok ? one.evicted : []))
    expect([evicted.length, new Set(evicted).size]).toEqual([21, 21])
    await place.close?.()
  })

  it('[TOK-3] [TOK-13] what is always repeatable reads, by a setting of the database, is decided the same', async () => {
    const strict = poolOf(database.url, { options: '-c default_transaction_isolation=serializable' })
    const clock = fakeClock(Date.now())
    const store = postgresStore({ sql: strict, testClockOffset: clock.offset, every: '60s', deadline: '10s' })
    store.configure(settingsOf('strict'))
    const session = newSession()
    await store.create(session)
    clock.advance(MINUTE)
    // A statement that was rolled back is asked again once; what fails twice says that it did nothing.
    const words = await Promise.all(
      Array.from({ length: 8 }, () => refresh(store, session, 0).catch((error: unknown) => (error as { code: string }).code)),
    )
    expect(words.filter((word) => word === 'rotated')).toHaveLength(1)
    expect(words.filter((word) => !['rotated', 'replayed', 'store_unavailable'].includes(word))).toEqual([])
    expect((await store.list(session.shard))[0]?.generation).toBe(1)
    store.close()
    await strict.end()
  })

  it('[TOK-3] [TOK-13] a crowd with one token is answered, each of them, and one of them rotates', async () => {
    const crowd = poolOf(database.url, { max: 30 })
    const clock = fakeClock(Date.now())
    const store = postgresStore({ sql: crowd, testClockOffset: clock.offset, every: '60s', deadline: '10s' })
    store.configure(settingsOf('crowd'))
    const session = newSession()
    await store.create(session)
    clock.advance(MINUTE)
    const words = await Promise.all(Array.from({ length: 120 }, () => refresh(store, session, 0)))
    expect(words.toSorted()).toEqual([...Array.from({ length: 119 }, () => 'replayed'), 'rotated'])
    store.close()
    await crowd.end()
  })

  it('[TOK-9] [TOK-13] who was refreshing when a sign-in began is not the least recently used', async () => {
    const clock = fakeClock(Date.now())
    const open = (sql: SqlLike): PostgresSessionStore => {
      const store = postgresStore({ sql, testClockOffset: clock.offset, every: '60s', deadline: '10s' })
      store.configure({ ...settingsOf('on the way'), maxSessions: 2 })
      return store
    }
    const [store, inTransaction] = [open(pools[0]), open(holder)]
    const [oldest, second, third] = Array.from({ length: 3 }, () => newSession({ shard: 'one' })) as [
      NewSession,
      NewSession,
      NewSession,
    ]
    await store.create(oldest)
    clock.advance(MINUTE)
    await store.create(second)
    clock.advance(MINUTE)
    await holder.query('begin')
    expect(await refresh(inTransaction, oldest, 0)).toBe('rotated')
    const creating = store.create(third)
    await waiting(1)
    await holder.query('commit')
    expect(await creating).toMatchObject({ ok: true, evicted: [second.sid], sessions: 2 })
    expect(await refresh(store, oldest, 1)).toBe('repeated')
    for (const each of [store, inTransaction]) each.close()
  })

  it('[TOK-10] [TOK-13] who waited takes the time from after that', async () => {
    const store = postgresStore({ sql: pools[0], every: '60s', deadline: '10s' })
    store.configure(settingsOf('time'))
    const { shard } = newSession()
    await store.touchClaims(shard)
    await holder.query('begin')
    await holder.query('select from wardstone.token_subject for update')
    const moving = store.endAll(shard)
    await waiting(1)
    const { rows } = await holder.query<{ now: string }>(
      'select (extract(epoch from clock_timestamp()) * 1000000)::bigint as now',
    )
    await holder.query('commit')
    expect((await moving).epoch).toBeGreaterThanOrEqual(Number(rows[0]?.now))
    store.close()
  })

  it('[TOK-13] a lock that somebody holds for long costs the deadline, and no connection', async () => {
    const store = postgresStore({ sql: pools[0], every: '60s', deadline: '300ms' })
    store.configure(settingsOf('stuck'))
    const session = newSession()
    await store.create(session)
    await holder.query('begin')
    await holder.query('select from wardstone.token_family for update')
    const ended = store.end(session.shard, session.sid, 'revoked').catch((error: unknown) => error)
    await waiting(1)
    expect(await ended).toMatchObject({ code: 'store_unavailable', retryable: true })
    await until('that nobody waits', async () => (await holder.query<{ waiting: number }>(WAITING)).rows[0]?.waiting === 0)
    await holder.query('commit')
    expect(await refresh(store, session, 0)).toBe('repeated')
    store.close()
  })

  it('[TOK-3] [TOK-13] a repeated refresh writes nothing and waits for nobody', async () => {
    const store = postgresStore({ sql: pools[0], every: '60s' })
    store.configure(settingsOf('quiet'))
    const session = newSession()
    await store.create(session)
    await holder.query('begin')
    await holder.query('select from wardstone.token_family for update')
    expect(await refresh(store, session, 0)).toBe('repeated')
    await holder.query('commit')
    store.close()
  })
})
