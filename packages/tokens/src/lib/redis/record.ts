import type { EndReason, Family } from '../refresh/family.ts'
import type { Stillborn } from '../refresh/step.ts'

/** Of a packed session: version, hash, seven times of six bytes, epoch, generation, flags, streak, reason, its time. */
const FIXED = 1 + 32 + 7 * 6 + 8 + 4 + 1 + 1 + 1 + 6

/** As numbers in the scripts. The order is part of the format. */
const END_REASONS: readonly EndReason[] = [
  'signed_out',
  'evicted',
  'revoked',
  'subject_revoked',
  'subject_gone',
  'reuse_detected',
  'retry_budget_spent',
  'generation_ahead',
]
const OTHER_REASONS: Readonly<Record<number, Stillborn>> = { 20: 'expired_idle', 21: 'expired_absolute', 22: 'forged' }
const KINDS = { 40: 'repeated', 41: 'rotated', 42: 'replayed', 43: 'healed' } as const

/** The number of a reason, as scripts take it. */
export function numberOf(reason: EndReason): number {
  return END_REASONS.indexOf(reason) + 1
}

/** The reason of a number, as scripts give it. */
export function reasonOf(number: number): Stillborn {
  const reason = END_REASONS[number - 1] ?? OTHER_REASONS[number]
  if (reason === undefined) throw new RangeError('the session store answered with a reason of another version')
  return reason
}

/** What a step did, by its number. */
export function kindOf(number: number): (typeof KINDS)[keyof typeof KINDS] {
  const kind = KINDS[number as keyof typeof KINDS]
  if (kind === undefined) throw new RangeError('the session store answered with a step of another version')
  return kind
}

/** Reads a session as the scripts pack it. */
export function readFamily(sid: string, shard: string, packed: Buffer): Family {
  if (packed[0] !== 1 || packed.length < FIXED) throw new RangeError('the session store holds a session of another version')
  const time = (index: number): number => packed.readUIntBE(33 + 6 * index, 6)
  const [createdAt, authTime, absoluteEnd, idleEnd, rotatedAt, emittedAt, confirmedAt] = [0, 1, 2, 3, 4, 5, 6].map(time) as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  const flags = packed.readUInt8(87)
  const reason = packed.readUInt8(89)
  let at = FIXED
  const text = (width: 1 | 2): string => {
    const from = at + width
    at = from + packed.readUIntBE(at, width)
    return packed.toString('utf8', from, at)
  }
  const [sub, kid, ip, userAgent] = [text(2), text(1), text(1), text(2)]
  return {
    sid,
    shard,
    sub,
    secretHash: Buffer.from(packed.subarray(1, 33)),
    createdAt,
    authTime,
    absoluteEnd,
    idleEnd,
    rotatedAt,
    emittedAt,
    confirmedAt: confirmedAt === 0 ? undefined : confirmedAt,
    everConfirmed: (flags & 1) === 1,
    late: (flags & 2) === 2,
    lateStreak: packed.readUInt8(88),
    epoch: Number(packed.readBigUInt64BE(75)),
    generation: packed.readUInt32BE(83),
    kid,
    client: { ip: ip || undefined, userAgent: userAgent || undefined },
    ended: reason === 0 ? undefined : { at: packed.readUIntBE(90, 6), reason: reasonOf(reason) as EndReason },
  }
}
