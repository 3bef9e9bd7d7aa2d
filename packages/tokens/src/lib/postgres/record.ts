import type { EndReason, Family } from '../refresh/family.ts'
import type { Epochs } from '../sessions/store.ts'
import { FAMILY_COLUMNS, type FamilyColumn } from './tables.ts'

const AT = Object.fromEntries(FAMILY_COLUMNS.map((name, index) => [name, index])) as Readonly<Record<FamilyColumn, number>>

/** A session out of its JSON. */
export function readFamily(values: readonly unknown[]): Family {
  const [confirmedAt, endedAt] = [values[AT.confirmed_at], values[AT.ended_at]]
  return {
    sid: values[AT.sid] as string,
    shard: values[AT.shard] as string,
    sub: decodeText(values[AT.sub] as string),
    secretHash: Buffer.from(values[AT.secret_hash] as string, 'hex'),
    createdAt: whole(values[AT.created_at]),
    authTime: whole(values[AT.auth_time]),
    absoluteEnd: whole(values[AT.absolute_end]),
    epoch: whole(values[AT.epoch]),
    kid: values[AT.kid] as string,
    generation: whole(values[AT.generation]),
    idleEnd: whole(values[AT.idle_end]),
    rotatedAt: whole(values[AT.rotated_at]),
    emittedAt: whole(values[AT.emitted_at]),
    confirmedAt: confirmedAt === null ? undefined : whole(confirmedAt),
    everConfirmed: values[AT.ever_confirmed] as boolean,
    late: values[AT.late] as boolean,
    lateStreak: whole(values[AT.late_streak]),
    client: { ip: toldText(values[AT.ip]), userAgent: toldText(values[AT.user_agent]) },
    ended: endedAt === null ? undefined : { at: whole(endedAt), reason: values[AT.ended_reason] as EndReason },
  }
}

/** The epochs of a subject. */
export function readEpochs(epoch: unknown, claimsEpoch: unknown): Epochs {
  return { epoch: whole(epoch), claimsEpoch: whole(claimsEpoch) }
}

/**
 * A bigint comes as text, as a number or as a bigint, by driver and settings. None of ours is above 2^53 before the year 2255.
 */
export function whole(value: unknown): number {
  const number = Number(value)
  if (!Number.isSafeInteger(number) || value === null)
    throw new RangeError('the session store answered with something that is no whole number')
  return number
}

/** What is not told is not there. */
export function toldText(value: unknown): string | undefined {
  return typeof value === 'string' ? decodeText(value) : undefined
}

/**
 * PostgreSQL has no text with NUL in it. It becomes `\0`, a backslash two of them, and everything else can be read in the table
 * as it is.
 */
export function encodeText(text: string): string {
  return /[\0\\]/.test(text) ? text.replaceAll('\\', '\\\\').replaceAll('\0', '\\0') : text
}

/** Back again. */
export function decodeText(text: string): string {
  return text.includes('\\') ? text.replace(/\\(.)/gs, (_, char: string) => (char === '0' ? '\0' : char)) : text
}
