import type { ClientFacts, Now } from '@wardstone/core'
import type { VerifierStats } from './access/verifier.ts'
import type { Verification, Verified } from './access/verified.ts'
import type { Jwks } from './keys/jwks.ts'
import type { KeyStage } from './keys/token-keys.ts'
import type { RevocationBatch } from './sessions/followed-feed.ts'
import type { IssueRefusal, RefreshRefusal, Refusal } from './refusals.ts'

/** Who signed in. */
export interface IssueInput {
  /** The account's identifier: unique per issuer, at most 255 characters. */
  readonly sub: string
  /** When the person proved who they are, in milliseconds since the Unix epoch. Default: now. */
  readonly authTime?: number | undefined
  /** {@link TokenService.epoch} from before the password was checked: a logout everywhere in between then wins. */
  readonly epoch?: number | undefined
}

/** A pair of tokens. Times are milliseconds since the Unix epoch. */
export interface TokenPair {
  readonly accessToken: string
  readonly refreshToken: string
  /** When the access token expires. */
  readonly expiresAt: number
  /** When the refresh token expires if it is not used before. */
  readonly refreshExpiresAt: number
  readonly sid: string
}

/** A session has begun. */
export interface Issued extends TokenPair {
  readonly ok: true
  /** `false` when no replica of the store has acknowledged the session in time: a failover may forget it. */
  readonly durable: boolean
}

/** How an access token is verified. */
export interface VerifyOptions {
  /**
   * Whether a good token tells the store that the client got it. `false` for a server that refreshes for a browser, which then
   * calls {@link TokenService.confirm}. Default `true`.
   */
  readonly confirm?: boolean | undefined
}

/**
 * New tokens for an old one.
 *
 * - `rotated`: the next refresh token.
 * - `repeated`: within one grace of the last one; the refresh token is the one that was presented.
 * - `replayed`: the token before the current one was presented, by a retry or a second tab; the refresh token is the
 *   current one, the same as the first time.
 * - `healed`: the store had lost a write; the session goes on.
 */
export interface Refreshed extends TokenPair {
  readonly ok: true
  readonly kind: 'rotated' | 'repeated' | 'replayed' | 'healed'
}

/** The store has stepped but the claims could not be loaded: no access token, but the client must get its new refresh token. */
export interface ClaimsUnavailable
  extends Refusal<'claims_unavailable'>, Pick<TokenPair, 'refreshToken' | 'refreshExpiresAt' | 'sid'> {
  readonly kind: Refreshed['kind']
  /** What the loader threw. For logs on this side only. */
  readonly cause: unknown
}

/** Why no tokens came of a refresh. */
export type RefreshRefused = Refusal<Exclude<RefreshRefusal, 'claims_unavailable'>> | ClaimsUnavailable

/** A live session. Times are milliseconds since the Unix epoch. */
export interface SessionInfo {
  readonly sid: string
  readonly createdAt: number
  /** The last rotation of the refresh token: somewhat behind the last request, at most by an access token's lifetime. */
  readonly lastUsedAt: number
  readonly expiresAt: number
  readonly ip: string | undefined
  readonly userAgent: string | undefined
}

/** Counters since the start. */
export interface TokenServiceStats {
  /** Verified access tokens by the id of their key, with its stage now: an old key that no longer grows is unused. */
  readonly keys: Readonly<Record<string, { readonly stage: KeyStage; readonly verified: number }>>
  /** Refused access tokens, by code. */
  readonly refused: VerifierStats['refused']
  /** Refreshes, by what came of them. */
  readonly refreshed: Readonly<Partial<Record<Refreshed['kind'] | RefreshRefusal, number>>>
  readonly issued: number
  /** How long ago all revocations were known here, in milliseconds. */
  readonly staleness: number
}

/**
 * Issues access tokens and keeps sessions. A refused token is a value; only faults (a store that cannot answer) throw.
 *
 * @typeParam C - what the application puts into access tokens
 */
export interface TokenService<C> {
  /** The service's clock, for whoever answers in its name. */
  readonly now: Now
  /**
   * Begins a session. Above the maximum, the least recently used one of the subject leaves before claims are loaded.
   *
   * @throws {@link ClaimsUnavailableError} `claims_unavailable` when the loader throws; no session is left behind.
   * @throws {@link ClaimsNotAllowedError} `claims_not_allowed` when the claims cannot go into a token.
   */
  issue(input: IssueInput, client?: ClientFacts): Promise<Issued | Refusal<IssueRefusal>>
  /**
   * Exchanges a refresh token for new tokens. Safe to retry, and safe to send twice at once: whoever asks again within the
   * windows gets the same refresh token.
   */
  refresh(refreshToken: string, client?: ClientFacts): Promise<Refreshed | RefreshRefused>
  /**
   * Verifies an access token: at once when it can, by a promise when the store has to be asked, which is with `revocation: 'strict'`
   * and while the feed is stale. `await` takes both. A store that does not answer is no fault here: `onStale` decides.
   */
  verify(accessToken: string, options?: VerifyOptions): Verification<C> | Promise<Verification<C>>
  /** Verifies by what this process knows, for code that cannot wait. Where the store would have to be asked, `onStale` decides. */
  verifyNow(accessToken: string, options?: VerifyOptions): Verification<C>
  /** Notes that the client got the tokens of this generation: the refresh token before it is then no use to anybody. */
  confirm(verified: Verified<C>): Promise<void>
  /**
   * Ends one session, by its id or by a refresh token of it. Answers whether it was alive.
   *
   * @throws {@link RefreshKeyUnknownError} `refresh_key_unknown` when the token's secret has not reached this process
   */
  revoke(
    target: { readonly sub: string; readonly sid: string } | { readonly refreshToken: string },
    client?: ClientFacts,
  ): Promise<boolean>
  /**
   * Ends all sessions of the subject but one. Answers how many. A sign-in that is under way is not stopped: after a change of
   * password prefer {@link TokenService.revokeAll} and a new {@link TokenService.issue}.
   */
  revokeOthers(keep: { readonly sub: string; readonly sid: string }, client?: ClientFacts): Promise<number>
  /** Ends all sessions and access tokens of the subject. */
  revokeAll(sub: string, client?: ClientFacts): Promise<void>
  /** Ends all sessions and access tokens of this store: after a leak, or after a backup was restored. */
  revokeEveryone(client?: ClientFacts): Promise<void>
  /** Refuses access tokens made before, as `claims_stale`, so that clients refresh and get new claims. Sessions go on. */
  refreshClaims(sub: string, client?: ClientFacts): Promise<void>
  /** The subject's epoch, for {@link IssueInput.epoch}. */
  epoch(sub: string): Promise<number>
  /** The live sessions of the subject, most recently used first. */
  list(sub: string): Promise<readonly SessionInfo[]>
  /**
   * Calls back once when the session of a verified token is ended, to end a stream; returns the way to stop waiting. It does
   * not call back when time runs out: end a stream at {@link Verified.expiresAt}, too.
   */
  onEnd(verified: Verified<C>, listener: () => void): () => void
  /**
   * What this service knows of revocations, for services elsewhere that only verify: `createSessionEndpoints().revocations` serves it and
   * `httpFeed` reads it.
   *
   * @param cursor - of an earlier answer; `undefined` for everything
   */
  revocations(cursor: string | undefined): RevocationBatch
  /** The public keys, for verifiers elsewhere. */
  jwks(): Jwks
  stats(): TokenServiceStats
}
