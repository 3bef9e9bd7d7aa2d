import { fakeClock } from '@wardstone/testkit'
import { available } from '@wardstone/testkit/servers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { postgresStore, type PostgresSessionStore } from '../../src/postgres.ts'
import { Place } from './places.ts'
import { MINUTE, newSession, refresh, settingsOf } from './sessions.ts'

const COUNTS = `select (select count(*)::int from wardstone.token_family where namespace = $1) as families,
  (select count(*)::int from wardstone.token_subject where namespace = $1) as subjects,
  (select count(*)::int from wardstone.token_revocation where namespace = $1) as revocations`

describe.skipIf(!(await available('postgres')))('cleaning up', { timeout: 20_000 }, () => {
  let place: Place
  const stores: PostgresSessionStore[] = []
  beforeAll(async () => void (place = await Place.shared()))
  afterAll(async () => {
    for (const store of stores) store.close()
    await place?.close()
  })

  function storeOf(namespace: string): { store: PostgresSessionStore; clock: ReturnType<typeof fakeClock> } {
    const clock = fakeClock(Date.now())
    const store = postgresStore({ sql: place.sql, testClockOffset: clock.offset, every: '60s', deadline: '10s' })
    stores.push(store)
    store.configure(settingsOf(namespace))
    return { store, clock }
  }

  async function around(store: PostgresSessionStore, batch: number): Promise<{ removed: number; calls: number }> {
    for (let removed = 0, calls = 1; ; calls++) {
      const done = await store.cleanup({ batch })
      removed += done.removed
      if (done.complete || calls > 500) return { removed, calls }
    }
  }

  it('[TOK-2] [TOK-13] removes what has been over for long, in batches, and leaves what lives', async () => {
    const { store, clock } = storeOf('clean')
    const sessions = Array.from({ length: 50 }, () => newSession())
    for (const session of sessions) await store.create(session)
    const [kept, ...others] = sessions
    if (kept === undefined) throw new Error('no session')
    for (const { shard, sid } of others.slice(0, 20)) await store.end(shard, sid, 'signed_out')
    expect(await around(store, 7)).toMatchObject({ removed: 0 })

    clock.advance(29 * MINUTE)
    expect((await around(store, 7)).removed).toBe(20) // revocations stay for another life of an access token
    clock.advance(2 * MINUTE)
    const { removed, calls } = await around(store, 7)
    expect(removed).toBe(20)
    expect(calls).toBeGreaterThan(5)
    expect(await place.query(COUNTS, ['clean'])).toEqual([{ families: 30, subjects: 50, revocations: 0 }])

    clock.advance(6 * 24 * 60 * MINUTE)
    expect(await refresh(store, kept, 0)).toBe('rotated')
    clock.advance(24 * 60 * MINUTE + 15 * MINUTE)
    await around(store, 1_000)
    expect(await place.query(COUNTS, ['clean'])).toEqual([{ families: 1, subjects: 1, revocations: 0 }])
    expect(await refresh(store, kept, 1)).toBe('rotated')
  })

  it('[TOK-9] [TOK-13] does not forget an epoch while there is a session below it', async () => {
    const { store, clock } = storeOf('epochs')
    const session = newSession()
    await store.create(session)
    await store.endAll(session.shard)
    clock.advance(6 * 24 * 60 * MINUTE)
    await around(store, 1_000)
    expect(await refresh(store, session, 0)).toBe('subject_revoked')
    clock.advance(2 * 24 * 60 * MINUTE)
    await around(store, 1_000)
    expect(await refresh(store, session, 0)).toBe('unknown_session')
    expect(await store.epochs(session.shard)).toEqual({ epoch: 0, claimsEpoch: 0 })
  })

  it('[TOK-13] looks at no more than it was told, from 1 to 100000', async () => {
    const { store } = storeOf('batches')
    for (const batch of [0, -1, 1.5, Number.NaN, 100_001])
      await expect(store.cleanup({ batch })).rejects.toMatchObject({ code: 'invalid_argument' })
    expect(await store.cleanup({ batch: 1 })).toEqual({ removed: 0, complete: false })
  })
})
