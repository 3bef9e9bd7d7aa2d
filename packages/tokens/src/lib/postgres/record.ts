import type { EndReason, Family } from '../refresh/family.ts'
import type { Epochs } from '../sessions/store.ts'
import type { Row } from './database.ts'

/** A session out of the columns of `FAMILY`. */
export function readFamily(row: Row): Family {
  const endedAt = row['ended_at']
  return {
    sid: row['sid'] as string,
    shard: row['shard'] as string,
    sub: row['sub'] as string,
    secretHash: bytes(row['secret_hash']),
    createdAt: whole(row['created_at']),
    authTime: whole(row['auth_time']),
    absoluteEnd: whole(row['absolute_end']),
    epoch: whole(row['epoch']),
    kid: row['kid'] as string,
    generation: whole(row['generation']),
    idleEnd: whole(row['idle_end']),
    rotatedAt: whole(row['rotated_at']),
    emittedAt: whole(row['emitted_at']),
    confirmedAt: row['confirmed_at'] === null ? undefined : whole(row['confirmed_at']),
    everConfirmed: row['ever_confirmed'] as boolean,
    late: row['late'] as boolean,
    lateStreak: whole(row['late_streak']),
    client: { ip: text(row['ip']), userAgent: text(row['user_agent']) },
    ended: endedAt === null ? undefined : { at: whole(endedAt), reason: row['ended_reason'] as EndReason },
  }
}

/** The epochs of a subject, from the columns that say so. */
export function readEpochs(row: Row): Epochs {
  return { epoch: whole(row['epoch_now']), claimsEpoch: whole(row['claims_now']) }
}

/** A bigint comes as text, as a number or as a bigint, by driver and settings. None of ours is above 2^53 before the year 2255. */
export function whole(value: unknown): number {
  const number = Number(value)
  if (!Number.isSafeInteger(number) || value === null)
    throw new RangeError('the session store answered with something that is no whole number')
  return number
}

/** What is not told is not there. */
export function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function bytes(value: unknown): Buffer {
  if (!(value instanceof Uint8Array)) throw new TypeError('the session store answered with something that is no bytea')
  return Buffer.from(value)
}
