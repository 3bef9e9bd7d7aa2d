import type { SecurityEvent } from '@wardstone/core'
import type { EndReason } from './refresh/family.ts'

/**
 * A change in a key set. `kid` is public.
 *
 * - `key_published`: The next key is in the key set; it does not sign yet.
 * - `key_activated`: A key signs from now on.
 * - `key_removed`: A retired key has gone: its last token has expired.
 * - `key_compromised`: A key was removed before its time, and verifies nothing any more.
 */
export type KeyEvent = SecurityEvent<
  'key_published' | 'key_activated' | 'key_removed' | 'key_compromised',
  { readonly kid: string; readonly alg: string }
>

/** Somebody signed in. */
export type SessionCreated = SecurityEvent<'session_created', { readonly sessions: number }>

/** A session got new tokens, or the same again. */
export type SessionRenewed = SecurityEvent<
  'session_renewed',
  { readonly kind: 'rotated' | 'repeated' | 'replayed' | 'healed'; readonly generation: number }
>

/** A token was handed out again to an address or agent other than the one that it was made for. */
export type SessionMoved = SecurityEvent<
  'session_replayed_elsewhere',
  { readonly generation: number; readonly from: { readonly ip?: string | undefined; readonly userAgent?: string | undefined } }
>

/** A refresh token that had been used came back: the session was ended. */
export type TokenReused = SecurityEvent<
  'authn_token_reuse',
  {
    readonly reason: 'reuse_detected' | 'retry_budget_spent' | 'generation_ahead'
    /** The generation that the session had reached. */
    readonly generation: number
    /** The generation that was presented. */
    readonly presented: number
  }
>

/** A refresh token carried our signature but not the session's own secret: the ring's secret is known to somebody. */
export type TokenForged = SecurityEvent<'authn_token_forged', { readonly kid: string }>

/** Sessions were ended. */
export type TokenRevoked = SecurityEvent<
  'authn_token_revoked',
  {
    readonly scope: 'session' | 'others' | 'subject' | 'everyone'
    readonly reason: EndReason
    readonly sids?: readonly string[] | undefined
  }
>

/** An ended session was presented. */
export type SessionUsedAfterEnd = SecurityEvent<
  'session_use_after_expire',
  { readonly reason: EndReason | 'expired_idle' | 'expired_absolute' }
>

/** The application's claims could not be loaded or were not allowed into a token. */
export type ClaimsFailed = SecurityEvent<'claims_unavailable', { readonly error: string }>

/** The claims of a subject changed: access tokens from before are refused, sessions go on. */
export type ClaimsChanged = SecurityEvent<'privilege_permissions_changed', Record<string, never>>

/** No replica of the store has acknowledged in time what this verb wrote: a failover may forget it. */
export type SessionNotDurable = SecurityEvent<'session_not_durable', { readonly verb: string }>

/** Everything that a token service reports. */
export type TokenEvent =
  | SessionCreated
  | SessionRenewed
  | SessionMoved
  | TokenReused
  | TokenForged
  | TokenRevoked
  | SessionUsedAfterEnd
  | ClaimsFailed
  | ClaimsChanged
  | SessionNotDurable
