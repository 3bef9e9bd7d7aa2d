import type { ClientFacts } from '@wardstone/core'

/**
 * Why a session ended before its time.
 *
 * - `signed_out`: The person logged out there.
 * - `evicted`: The account had more sessions than `maxSessions`, and this one was used least recently.
 * - `revoked`: It was ended by its id, or as one of the others.
 * - `subject_revoked`: All sessions of the account, or of everybody, were ended.
 * - `subject_gone`: The application has no such account any more: its `claims` answered `null`.
 * - `reuse_detected`: A refresh token came back after its successor had arrived: somebody else has a copy.
 * - `retry_budget_spent`: A refresh token came back late in too many generations in a row: somebody always comes second.
 * - `generation_ahead`: A refresh token was newer than what the store knows, and the store does not lose writes.
 */
export type EndReason =
  | 'signed_out'
  | 'evicted'
  | 'revoked'
  | 'subject_revoked'
  | 'subject_gone'
  | 'reuse_detected'
  | 'retry_budget_spent'
  | 'generation_ahead'

/**
 * A session as the store keeps it: one record, however often it is refreshed. Times are milliseconds of the store's
 * clock. Nothing here suffices to make a token: that takes `s`, of which only the hash is kept, and the ring's secret.
 */
export interface Family {
  /** base64url of 16 random bytes. */
  readonly sid: string
  readonly shard: string
  readonly sub: string
  /** SHA-256 of the family's own secret `s`. */
  readonly secretHash: Buffer
  readonly createdAt: number
  readonly authTime: number
  readonly absoluteEnd: number
  /** The subject's epoch when it began; the family is dead once that is higher. */
  readonly epoch: number
  /** The ring secret that signs the current token. */
  readonly kid: string
  /** The generation of the current token; the first is 0. */
  readonly generation: number
  readonly idleEnd: number
  /** When the current token was made. */
  readonly rotatedAt: number
  /** When the current token was last handed to somebody who did not present it. */
  readonly emittedAt: number
  /** When somebody first proved, by an access token, that the current token had arrived. */
  readonly confirmedAt: number | undefined
  /** Whether that ever happened in this family: only then may a response stay lost for long. */
  readonly everConfirmed: boolean
  /** Whether this generation was replayed late. */
  readonly late: boolean
  /** How many generations were, this one included, less those that were not. Never below 0. */
  readonly lateStreak: number
  /** Who got the current token. */
  readonly client: ClientFacts
  readonly ended: { readonly at: number; readonly reason: EndReason } | undefined
}

/** The times and limits of refreshing, in milliseconds. */
export interface RefreshPolicy {
  /** How long a session lives without being used. */
  readonly idleMs: number
  /** How long it lives at all. */
  readonly absoluteMs: number
  /** How long tokens that cross each other on the way are the same client. */
  readonly graceMs: number
  /** How long a response may have been lost, once the family was ever confirmed. */
  readonly lostWindowMs: number
  /** The same for a family that was never confirmed. */
  readonly unconfirmedWindowMs: number
  /** How many generations may be replayed late; each that is not makes up for one that was. */
  readonly budget: number
}
