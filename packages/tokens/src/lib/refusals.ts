import type { SignatureRefusal } from './jws/verify.ts'
import type { Stillborn } from './refresh/step.ts'

/** Why an access token is refused. */
export type AccessRefusal =
  | SignatureRefusal
  | 'wrong_type'
  | 'wrong_issuer'
  | 'wrong_audience'
  | 'expired'
  | 'not_yet_valid'
  | 'lifetime_too_long'
  | 'claims_invalid'
  | 'session_ended'
  | 'claims_stale'

/** Why a refresh token is refused. `retryable` ones are ours to mend: the client keeps its token. */
export type RefreshRefusal =
  | 'malformed'
  | 'refresh_key_unknown'
  | 'unknown_session'
  | 'reuse_detected'
  | 'retry_budget_spent'
  | 'generation_ahead'
  | 'subject_gone'
  | 'claims_unavailable'
  | Stillborn

/** Why no session begins. */
export type IssueRefusal = 'epoch_moved' | 'subject_gone'

/**
 * No, and why. The code is for logs, counters and tests; a client is told only that its token is not accepted.
 *
 * @typeParam C - the possible codes
 */
export interface Refusal<C extends string> {
  readonly ok: false
  readonly code: C
  /** Whether the same token may be accepted later. */
  readonly retryable: boolean
}

/** Writes a refusal. */
export function refusal<const C extends string>(code: C, retryable = false): Refusal<C> {
  return { ok: false, code, retryable }
}
