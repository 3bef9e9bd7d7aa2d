import type { SignatureRefusal } from './jws/verify.ts'
import type { Stillborn } from './refresh/step.ts'

/**
 * Why an access token is refused.
 *
 * - `wrong_type`: It is signed, but no access token (`typ` is not `at+jwt`).
 * - `wrong_issuer`: `iss` is somebody else.
 * - `wrong_audience`: It was made for another service.
 * - `expired`: It is past `exp`, by more than the skew.
 * - `not_yet_valid`: It was made in the future, by more than the skew: a clock is wrong.
 * - `lifetime_too_long`: It lives longer than this verifier accepts.
 * - `claims_invalid`: A claim is missing or of the wrong type, or `claimsSchema` refuses them.
 * - `session_ended`: Its session is over.
 * - `claims_stale`: The account's claims have changed since: a refresh gets new ones.
 * - `revocation_unknown`: Retryable. It is good, but nobody knows at the moment whether its session has ended.
 */
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
  | 'revocation_unknown'

/**
 * Why a refresh token is refused. `retryable` ones are ours to mend: the client keeps its token.
 *
 * - `malformed`: It is no refresh token, or its signature is not ours.
 * - `refresh_key_unknown`: Retryable. The secret that signed it has not reached this process yet.
 * - `unknown_session`: The store has no such session: it ended long ago, or the store lost it.
 * - `claims_unavailable`: Retryable. The application's `claims` threw; the new refresh token is handed out all the same.
 */
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

/**
 * Why no session begins.
 *
 * - `epoch_moved`: All sessions of the account were ended while its password was being checked.
 * - `subject_gone`: The application has no such account: its `claims` answered `null`.
 */
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
