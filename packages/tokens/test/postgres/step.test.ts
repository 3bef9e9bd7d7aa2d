import { available } from '@wardstone/testkit/servers'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Family, Rotation } from '../../src/index.ts'
import { postgresStore, type PostgresSessionStore } from '../../src/postgres.ts'
import { HASH, MINUTE, policy, SHARD, SID, situations } from '../kit/situations.ts'
import { step } from '../../src/lib/refresh/step.ts'
import { Place } from './places.ts'

const NAMESPACE = 'step'
const PUT = `
  with cleared as (delete from wardstone.token_revocation where namespace = $1),
  subject as (
    insert into wardstone.token_subject (namespace, shard, epoch, claims_epoch, touched_at) values ($1, $2, $24, 3, 0)
      on conflict (namespace, shard) do update set epoch = $24),
  everyone as (
    insert into wardstone.token_everyone (namespace, epoch) values ($1, $25) on conflict (namespace) do update set epoch = $25)
  insert into wardstone.token_family (namespace, shard, sid, sub, secret_hash, created_at, auth_time, absolute_end, epoch, kid, generation, idle_end,
      rotated_at, emitted_at, confirmed_at, ever_confirmed, late, late_streak, ip, user_agent, ended_at, ended_reason)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)
    on conflict (namespace, sid) do update set absolute_end = $8, generation = $11, idle_end = $12, rotated_at = $13, emitted_at = $14,
      created_at = $6, auth_time = $7, epoch = $9, kid = $10, confirmed_at = $15, ever_confirmed = $16, late = $17, late_streak = $18, ip = $19,
      user_agent = $20, ended_at = $21, ended_reason = $22
    returning $23::text`

const READ = `select t.*, (select count(*) from wardstone.token_revocation r where r.namespace = $1)::int as revocations
  from wardstone.token_family t where t.namespace = $1 and t.sid = $2`

describe.skipIf(!(await available('postgres')))('the step in PL/pgSQL', () => {
  let place: Place
  let store: PostgresSessionStore
  beforeAll(async () => {
    place = await Place.shared()
    store = postgresStore({ sql: place.sql, deadline: '10s', every: '60s' })
    const times = { namespace: NAMESPACE, now: Date.now, policy, maxSessions: 4, revocationMs: 900_000 }
    store.configure({ ...times, undurable: () => {} })
  }, 30_000)
  afterAll(async () => {
    store?.close()
    await place?.close()
  })

  it('[TOK-3] [TOK-13] decides as the one in TypeScript does, and writes the same', async () => {
    const seen = new Set<string>()
    await fc.assert(
      fc.asyncProperty(situations, async (s) => {
        const [clock] = await place.query(`select trunc(extract(epoch from clock_timestamp()) * 1000)::text as now`)
        const now = Number(clock?.['now'])
        const at = (minutes: number): number => now - minutes * MINUTE
        const family: Family = {
          sid: SID,
          shard: SHARD,
          sub: 'ana ☂',
          secretHash: HASH,
          kid: 'old',
          client: { ip: '198.51.100.7', userAgent: undefined },
          createdAt: at(200),
          authTime: at(210),
          absoluteEnd: at(-s.absoluteLeft),
          idleEnd: Math.min(at(-s.idleLeft), at(-s.absoluteLeft)),
          epoch: 5,
          generation: s.generation,
          rotatedAt: at(s.rotated),
          emittedAt: at(Math.min(s.emitted, s.rotated)),
          confirmedAt: s.confirmed === undefined ? undefined : at(s.confirmed),
          everConfirmed: s.everConfirmed,
          late: s.late,
          lateStreak: s.lateStreak,
          ended: s.ended === undefined ? undefined : { at: at(1), reason: s.ended },
        }
        const epoch = s.epochMoved === 'no' ? 5 : 9
        await put(family, s.epochMoved === 'subject' ? 9 : 5, s.epochMoved === 'everyone' ? 9 : 5)

        const presented = { generation: s.generation - s.distance, secretHash: s.wrongSecret ? Buffer.alloc(32, 8) : HASH }
        const expected = step(family, presented, policy, { now, epoch, kid: 'new', lossy: false, knownDead: s.knownDead })
        const client = { ip: s.ip, userAgent: s.userAgent }
        const rotation: Rotation = { sid: SID, shard: SHARD, ...presented, kid: 'new', knownDead: s.knownDead, client }
        const done = await store.rotate(rotation)
        if (!done.ok && done.reason === 'unknown_session') throw new Error('the session is gone')
        const [row] = await place.query(READ, [NAMESPACE, SID])
        expect(stored(row ?? {})).toEqual(stored(columnsOf(done.family)))

        const { kind } = expected
        seen.add(kind === 'refused' || kind === 'ended' ? expected.reason : kind)
        expect(row?.['revocations']).toBe(kind === 'ended' ? 1 : 0)
        if (kind === 'refused') expect(done).toEqual({ ok: false, reason: expected.reason, family, endedNow: false })
        else if (kind === 'ended') {
          expect(done).toMatchObject({ ok: false, reason: expected.reason, endedNow: true })
          expect(nearly(done.family, now)).toEqual(nearly({ ...family, ended: { at: now, reason: expected.reason } }, now))
        } else {
          expect(done).toMatchObject({ ok: true, kind, epochs: { epoch, claimsEpoch: 3 }, before: family.client })
          const told = { ip: s.ip ?? '198.51.100.7', userAgent: s.userAgent }
          const changes = kind === 'repeated' ? {} : { ...expected.changes, client: told }
          expect(nearly(done.family, now)).toEqual(nearly({ ...family, ...changes }, now))
        }
      }),
      { numRuns: 1500, seed: 20_300_102 },
    )
    const all =
      'rotated repeated replayed forged reuse_detected retry_budget_spent generation_ahead expired_idle expired_absolute subject_revoked signed_out'
    expect(all.split(' ').filter((outcome) => !seen.has(outcome))).toEqual([])
  }, 60_000)

  async function put(family: Family, epoch: number, everyone: number): Promise<void> {
    const columns = columnsOf(family)
    const values = ORDER.map((name) => columns[name] ?? null)
    await place.query(PUT, [NAMESPACE, SHARD, ...values, '', epoch, everyone])
  }
})

const ORDER = (
  'sid sub secret_hash created_at auth_time absolute_end epoch kid generation idle_end rotated_at emitted_at confirmed_at ever_confirmed late ' +
  'late_streak ip user_agent ended_at ended_reason'
).split(' ')

/** As the table has it, by the description of the format and not by the code that reads it. */
function columnsOf(family: Family): Readonly<Record<string, unknown>> {
  const { sid, sub, kid, epoch, generation, late, client, ended } = family
  return {
    sid,
    sub,
    kid,
    epoch,
    generation,
    late,
    secret_hash: family.secretHash,
    created_at: family.createdAt,
    auth_time: family.authTime,
    absolute_end: family.absoluteEnd,
    idle_end: family.idleEnd,
    rotated_at: family.rotatedAt,
    emitted_at: family.emittedAt,
    confirmed_at: family.confirmedAt,
    ever_confirmed: family.everConfirmed,
    late_streak: family.lateStreak,
    ip: client.ip,
    user_agent: client.userAgent?.replaceAll('\\', '\\\\').replaceAll('\0', '\\0'),
    ended_at: ended?.at,
    ended_reason: ended?.reason,
  }
}

function stored(row: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  const plain = (value: unknown): string =>
    Buffer.isBuffer(value) ? value.toString('hex') : JSON.stringify(value ?? null).replaceAll('"', '')
  return Object.fromEntries(ORDER.map((name) => [name, plain(row[name])]))
}

/** The same with times of the last minute as "now": the function ran a moment after we looked. */
function nearly(family: Family, now: number): Record<string, unknown> {
  const soft = (value: unknown): unknown => (typeof value === 'number' && value >= now && value - now < MINUTE ? 'now' : value)
  const { idleEnd, ended, ...rest } = family
  return {
    ...Object.fromEntries(Object.entries(rest).map(([name, value]) => [name, soft(value)])),
    idleEnd: Math.round((idleEnd - now) / MINUTE),
    ended: ended && { reason: ended.reason, at: soft(ended.at) },
  }
}
