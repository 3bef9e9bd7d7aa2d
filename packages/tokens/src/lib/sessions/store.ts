import type { ClientFacts, Now } from '@wardstone/core'
import type { EndReason, Family, RefreshPolicy } from '../refresh/family.ts'
import type { Presented, Stillborn } from '../refresh/step.ts'
import type { Revocable, RevocationFeed } from './revocation.ts'

/** The two counters of a subject, as they stood in the same atomic step. */
export interface Epochs {
  /** Families and access tokens below it are dead. */
  readonly epoch: number
  /** Access tokens below it are refused; their sessions go on. */
  readonly claimsEpoch: number
}

/** A session to begin. The store adds what depends on its clock. */
export interface NewSession {
  readonly sid: string
  readonly shard: string
  readonly sub: string
  readonly secretHash: Buffer
  readonly kid: string
  /** When the person proved who they are; `undefined` is now. */
  readonly authTime: number | undefined
  /** The subject's epoch when the password was checked: if it moved since, nothing begins. */
  readonly expectedEpoch: number | undefined
  readonly client: ClientFacts
}

/** What {@link SessionStore.create} did. */
export type Created =
  | {
      readonly ok: true
      readonly family: Family
      readonly epochs: Epochs
      /** Sessions that had to leave, least recently used first. */
      readonly evicted: readonly string[]
      /** How many the subject has now. */
      readonly sessions: number
      /** `false` when no replica has acknowledged it in time: a failover may forget the session. */
      readonly durable?: boolean | undefined
    }
  | { readonly ok: false; readonly reason: 'epoch_moved' }

/** A refresh token that somebody presented, its signature verified. */
export interface Rotation extends Presented {
  readonly sid: string
  readonly shard: string
  /** The ring secret that signs a new token. */
  readonly kid: string
  readonly client: ClientFacts
  /** Whether this process knows from its feed that the session is over. */
  readonly knownDead: boolean
}

/** What {@link SessionStore.rotate} did. `family` is as it stands afterwards. */
export type Rotated =
  | {
      readonly ok: true
      readonly kind: 'rotated' | 'repeated' | 'replayed' | 'healed'
      readonly family: Family
      readonly epochs: Epochs
      /** Who got the current token before this call. */
      readonly before: ClientFacts
    }
  | { readonly ok: false; readonly reason: 'unknown_session' }
  | {
      readonly ok: false
      readonly reason: Stillborn
      readonly family: Family
      /** Whether this call ended the family. */
      readonly endedNow: boolean
    }

/**
 * Where sessions live. Every verb is atomic: it reads, decides and writes in one step of the store, by the store's own
 * clock. No verb brings an ended session back.
 *
 * A store that cannot answer throws a `WardstoneError` with code `store_unavailable` and `retryable: true`.
 */
export interface SessionStore {
  /** Whether it may lose writes that it acknowledged, as Redis does in a failover. */
  readonly lossy: boolean
  /** Everything that is revoked here. */
  readonly revocations: RevocationFeed
  /** Takes over the lifetimes of the service that uses it. Called once, before anything else. */
  configure(settings: StoreSettings): void
  /** Begins a session and ends the least recently used ones above the maximum. */
  create(session: NewSession): Promise<Created>
  /** One step of the refresh state machine. */
  rotate(rotation: Rotation): Promise<Rotated>
  /** Notes that the token of this generation arrived, if it is the current one. */
  confirm(shard: string, sid: string, generation: number): Promise<void>
  /** Ends one session; with `secretHash` only if it is the session's own. Answers whose it was, if it was alive. */
  end(shard: string, sid: string, reason: EndReason, secretHash?: Buffer): Promise<{ readonly sub: string } | undefined>
  /** Ends all sessions of the subject but one. Answers which. */
  endOthers(shard: string, sid: string): Promise<readonly string[]>
  /** Ends all sessions and access tokens of the subject. */
  endAll(shard: string): Promise<Epochs>
  /** Ends all sessions and access tokens of everyone. Answers the epoch. */
  endEveryone(): Promise<number>
  /** Makes access tokens of the subject stale, so that clients fetch new claims. */
  touchClaims(shard: string): Promise<Epochs>
  epochs(shard: string): Promise<Epochs>
  /** Whether what an access token says still holds, read now. A session that the store does not know has ended. */
  judge(token: Revocable): Promise<'session_ended' | 'claims_stale' | undefined>
  /** The live sessions of the subject, most recently used first. */
  list(shard: string): Promise<readonly Family[]>
}

/** What a store has to know of the service that uses it. */
export interface StoreSettings {
  /** Sets this issuer's sessions apart from those of others in the same place. */
  readonly namespace: string
  /** The service's clock, for stores that have none of their own. */
  readonly now: Now
  readonly policy: RefreshPolicy
  readonly maxSessions: number
  /** How long a revocation must be remembered: the lifetime of an access token and the skew. */
  readonly revocationMs: number
  /** Told when no replica has acknowledged what a verb wrote in time: a failover may forget it. */
  readonly undurable: (verb: 'create' | 'rotate' | 'end' | 'endOthers' | 'endAll' | 'endEveryone' | 'touchClaims') => void
}
