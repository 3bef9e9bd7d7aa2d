import { fakeClock } from '@wardstone/testkit'
import { available, startPostgres } from '@wardstone/testkit/servers'
import type pg from 'pg'
import { describe, expect, it } from 'vitest'
import { migratePostgres, postgresStore, type PostgresSessionStore } from '../../src/postgres.ts'
import { until } from '../stores/until.ts'
import { poolOf } from './places.ts'
import { MINUTE, newSession, refresh, settingsOf } from './sessions.ts'

interface Person {
  readonly session: ReturnType<typeof newSession>
  generation: number
  /** Whether the end of the session was acknowledged. */
  ended: boolean
}

describe.skipIf(!(await available('postgres-server')))('a PostgreSQL that dies', { timeout: 60_000 }, () => {
  it('[TOK-13] under load, twice: faults are typed, nobody is signed out, no session comes back', async () => {
    const server = await startPostgres()
    const clock = fakeClock(Date.now())
    const pool = poolOf(server.url, { connectionTimeoutMillis: 2_000 })
    await migratePostgres(pool)
    const stores = [storeOn(pool, clock.offset), storeOn(pool, clock.offset)] as const
    const faults: unknown[] = []
    const wrong: string[] = []
    let refreshed = 0
    try {
      const people: Person[] = Array.from({ length: 24 }, () => ({ session: newSession(), generation: 0, ended: false }))
      for (const { session } of people) await stores[0].create(session)

      let running = true
      /** A client that asks again with the same token until it has an answer. */
      const live = async (person: Person, store: PostgresSessionStore, ends: boolean): Promise<void> => {
        for (let turn = 0; running; turn++) {
          clock.advance(MINUTE / 8)
          try {
            if (ends && turn > 20) {
              await store.end(person.session.shard, person.session.sid, 'signed_out')
              person.ended = true
              return
            }
            const word = await refresh(store, person.session, person.generation)
            if (word === 'rotated' || word === 'replayed') person.generation++
            else if (word !== 'repeated') wrong.push(word)
            refreshed++
          } catch (error) {
            faults.push(error)
            await new Promise((resolve) => setImmediate(resolve))
          }
        }
      }
      const clients = people.map((person, i) => live(person, stores[i % 2 === 0 ? 0 : 1], i % 3 === 0))
      for (let round = 0; round < 2; round++) {
        const before = refreshed
        await until('refreshes', () => refreshed > before + 200)
        await server.kill()
        const seen = faults.length
        await until('faults', () => faults.length > seen + 20)
        await server.start()
      }
      const after = refreshed
      await until('refreshes after it', () => refreshed > after + 200)
      running = false
      await Promise.all(clients)

      expect(wrong).toEqual([])
      for (const fault of faults) {
        expect(fault).toMatchObject({ code: 'store_unavailable', retryable: true })
        expect(['connection', 'server', 'deadline']).toContain((fault as { reason: string }).reason)
      }
      expect(people.filter(({ ended }) => ended).length).toBeGreaterThan(0)
      for (const { session, generation, ended } of people) {
        const [family] = await stores[1].list(session.shard)
        if (ended) expect(family).toBeUndefined()
        else expect(family?.generation).toBe(generation)
      }
    } finally {
      for (const store of stores) store.close()
      await pool.end()
      await server.stop()
    }
  })

  it('[TOK-13] hangs: calls take their deadline, and go on when it does', async () => {
    const server = await startPostgres()
    const pool = poolOf(server.url)
    await migratePostgres(pool)
    const store = storeOn(pool, () => 0, '200ms')
    try {
      const session = newSession()
      await store.create(session)
      await server.hang()
      for (const ask of [() => refresh(store, session, 0), () => store.judge({ ...session, epoch: 0, claimsEpoch: 0 })])
        await expect(ask()).rejects.toMatchObject({ code: 'store_unavailable', reason: 'deadline', mayHaveRun: true })
      server.resume()
      await until('an answer', async () => (await refresh(store, session, 0).catch(() => undefined)) === 'repeated')
    } finally {
      store.close()
      await pool.end()
      await server.stop()
    }
  })

  it('[TOK-10] [TOK-13] is down: what is known grows old, and is whole again after it', async () => {
    const server = await startPostgres()
    const [one, other] = [poolOf(server.url), poolOf(server.url)]
    await migratePostgres(one)
    const [store, elsewhere] = [storeOn(one, () => 0), storeOn(other, () => 0)]
    try {
      const session = newSession()
      await store.create(session)
      const heard: string[] = []
      elsewhere.revocations.follow((revocation) => heard.push(revocation.kind))
      await until('the first reading', () => Number.isFinite(elsewhere.revocations.staleness()))
      await server.kill()
      const before = elsewhere.revocations.staleness()
      await until('time', () => elsewhere.revocations.staleness() > before + 300)
      await server.start()
      await until('the end', async () => store.end(session.shard, session.sid, 'revoked').catch(() => undefined))
      await until('the news', () => heard.includes('session'))
      await until('a new reading', () => elsewhere.revocations.staleness() < 300)
    } finally {
      for (const each of [store, elsewhere]) each.close()
      await one.end()
      await other.end()
      await server.stop()
    }
  })
})

function storeOn(sql: pg.Pool, testClockOffset: () => number, deadline: '2s' | '200ms' = '2s'): PostgresSessionStore {
  const store = postgresStore({ sql, testClockOffset, every: '100ms', deadline })
  store.configure(settingsOf('faults'))
  return store
}
