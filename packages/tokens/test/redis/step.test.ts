import { script, createRedis, type RedisConnection } from '@wardstone/redis'
import { available, sharedRedis, type SharedRedis } from '@wardstone/testkit/servers'
import fc from 'fast-check'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Family } from '../../src/index.ts'
import { Layout } from '../../src/lib/redis/layout.ts'
import { kindOf, numberOf, readFamily, reasonOf } from '../../src/lib/redis/record.ts'
import { scripts } from '../../src/lib/redis/scripts.ts'
import { HASH, MINUTE, policy, SHARD, SID, situations } from '../kit/situations.ts'
import { step } from '../../src/lib/refresh/step.ts'
import { pack } from './pack.ts'

describe.skipIf(!(await available('redis')))('the step in Lua', () => {
  let shared: SharedRedis
  let client: Redis
  let redis: RedisConnection

  beforeAll(async () => {
    shared = await sharedRedis()
    client = new Redis(shared.url, { enableOfflineQueue: false, maxRetriesPerRequest: 1 })
    await new Promise((resolve) => client.once('ready', resolve))
    redis = createRedis({ client })
  })
  afterAll(async () => {
    redis?.close()
    client?.disconnect()
    await shared?.clear()
  })

  it('[TOK-3] [TOK-13] decides as the one in TypeScript does, and writes the same', async () => {
    const layout = new Layout(shared.word, 1)
    const keys = layout.keysOf(SHARD)
    const put = script("redis.call('HSET', KEYS[1], ARGV[1], ARGV[2], 'e', ARGV[3]) return redis.call('TIME')", { name: 'put' })
    const seen = new Map<string, number>()
    await fc.assert(
      fc.asyncProperty(situations, async (s) => {
        const epochs = Buffer.alloc(16)
        epochs.writeBigUInt64BE(s.epochMoved === 'no' ? 5n : 9n)
        const [seconds, micros] = (
          (await redis.run(put, keys, [SID, '', epochs], { deadlineMs: 1000 })).value as readonly string[]
        ).map(Number) as [number, number]
        const now = seconds * 1000 + Math.floor(micros / 1000)
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
        expect(readFamily(SID, SHARD, pack(family))).toEqual(family)
        await redis.run(put, keys, [SID, pack(family), epochs], { deadlineMs: 1000 })

        const presented = { generation: s.generation - s.distance, secretHash: s.wrongSecret ? Buffer.alloc(32, 8) : HASH }
        const around = { now, epoch: s.epochMoved === 'no' ? 5 : 9, kid: 'new', lossy: true, knownDead: s.knownDead }
        const expected = step(family, presented, policy, around)

        const args = [
          0,
          900_000,
          policy.absoluteMs,
          SHARD,
          layout.channel,
          SID,
          presented.secretHash,
          s.generation - s.distance,
          'new',
          s.knownDead ? 1 : 0,
        ]
        const asks = [s.ip ?? '', s.userAgent ?? '']
        const times = [policy.idleMs, policy.graceMs, policy.lostWindowMs, policy.unconfirmedWindowMs, policy.budget]
        const texts = [...args, ...asks, ...times].map((arg) => (typeof arg === 'number' ? String(arg) : arg))
        const [outcome, packed, what] = (await redis.run(scripts.rotate, keys, texts, { deadlineMs: 1000 })).value as [
          Buffer,
          Buffer,
          number,
        ]
        const after = readFamily(SID, SHARD, packed)
        const stored = readFamily(SID, SHARD, (await client.hgetBuffer(keys[0] as string, SID)) as Buffer)

        const kind = expected.kind
        seen.set(kind === 'refused' || kind === 'ended' ? expected.reason : kind, 1)
        expect(stored).toEqual(after)
        if (kind === 'refused') expect([String(outcome), reasonOf(what), after]).toEqual(['refused', expected.reason, family])
        else if (kind === 'ended') {
          expect([String(outcome), reasonOf(what)]).toEqual(['ended', expected.reason])
          expect(nearly(after, now)).toEqual(nearly({ ...family, ended: { at: now, reason: expected.reason } }, now))
        } else {
          expect([String(outcome), kindOf(what)]).toEqual(['stepped', kind])
          const told = { ip: s.ip ?? '198.51.100.7', userAgent: s.userAgent }
          const changes = kind === 'repeated' ? {} : { ...expected.changes, client: told }
          expect(nearly(after, now)).toEqual(nearly({ ...family, ...changes }, now))
        }
      }),
      { numRuns: 3000, seed: 20_300_102 },
    )
    const all =
      'rotated repeated replayed healed forged reuse_detected retry_budget_spent generation_ahead expired_idle expired_absolute subject_revoked signed_out'
    expect(all.split(' ').filter((outcome) => !seen.has(outcome))).toEqual([])
  }, 60_000)

  it('gives every reason a number that comes back', () => {
    const reasons = [
      'signed_out',
      'evicted',
      'revoked',
      'subject_revoked',
      'subject_gone',
      'reuse_detected',
      'retry_budget_spent',
      'generation_ahead',
    ] as const
    expect(reasons.map((reason) => reasonOf(numberOf(reason)))).toEqual(reasons)
  })
})

/** The same with times of the last minute as "now": the script ran a moment after we looked. */
function nearly(family: Family, now: number): Record<string, unknown> {
  const soft = (value: unknown): unknown => (typeof value === 'number' && value >= now && value - now < MINUTE ? 'now' : value)
  const { idleEnd, ended, ...rest } = family
  return {
    ...Object.fromEntries(Object.entries(rest).map(([name, value]) => [name, soft(value)])),
    idleEnd: Math.round((idleEnd - now) / MINUTE),
    ended: ended && { reason: ended.reason, at: soft(ended.at) },
  }
}
