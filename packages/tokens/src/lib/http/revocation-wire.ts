import type { RevocationBatch } from '../sessions/followed-feed.ts'
import type { Revocation } from '../sessions/revocation.ts'

/** A batch as JSON. Short, since it may hold thousands. */
export interface WireBatch {
  readonly v: 1
  readonly cursor: string
  readonly complete: boolean
  /** Milliseconds; `null` is endless. */
  readonly age: number | null
  readonly revocations: readonly WireRevocation[]
}

type WireRevocation =
  | readonly ['s', sid: string, until: number]
  | readonly ['u', shard: string, epoch: number, claimsEpoch: number, until: number]
  | readonly ['e', epoch: number]

const ID = /^[\w-]{1,64}$/
const CURSOR = /^[\w.-]{1,128}$/

/** Writes a batch for the issuer's route. */
export function writeBatch({ cursor, complete, ageMs = 0, revocations }: RevocationBatch): WireBatch {
  const age = Number.isFinite(ageMs) ? Math.ceil(ageMs) : null
  return { v: 1, cursor, complete, age, revocations: revocations.map(write) }
}

/**
 * Reads what somebody answered.
 *
 * @throws TypeError for anything else than a batch: what was revoked is then not known
 */
export function readBatch(body: unknown): RevocationBatch {
  const { v, cursor, complete, age, revocations } = (body ?? {}) as Readonly<Record<string, unknown>>
  const isAge = age === null || (typeof age === 'number' && age >= 0)
  if (v !== 1 || typeof cursor !== 'string' || !CURSOR.test(cursor) || typeof complete !== 'boolean' || !isAge) wrong()
  if (!Array.isArray(revocations)) wrong()
  return { cursor, complete, ageMs: (age as number | null) ?? Number.POSITIVE_INFINITY, revocations: revocations.map(read) }
}

function write(revocation: Revocation): WireRevocation {
  if (revocation.kind === 'session') return ['s', revocation.sid, revocation.until]
  if (revocation.kind === 'everyone') return ['e', revocation.epoch]
  return ['u', revocation.shard, revocation.epoch, revocation.claimsEpoch, revocation.until]
}

function read(entry: unknown): Revocation {
  const [kind, first, second, third, fourth] = Array.isArray(entry) ? (entry as readonly unknown[]) : []
  if (kind === 's') return { kind: 'session', sid: id(first), until: whole(second) }
  if (kind === 'u') {
    return { kind: 'subject', shard: id(first), epoch: whole(second), claimsEpoch: whole(third), until: whole(fourth) }
  }
  if (kind === 'e') return { kind: 'everyone', epoch: whole(first) }
  return wrong()
}

function id(value: unknown): string {
  return typeof value === 'string' && ID.test(value) ? value : wrong()
}

function whole(value: unknown): number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : wrong()
}

function wrong(): never {
  throw new TypeError('The answer is no list of revocations')
}
