import {
  generateSecret,
  isProduction,
  lifetime,
  readOptions,
  secretRing,
  warn,
  type ClientFacts,
  type Duration,
  type EventSink,
  type Now,
  type OptionReader,
  type SecretRing,
  type StandardSchema,
} from '@wardstone/core'
import {
  isObjectWith,
  readStaleness,
  readVerification,
  type OnStale,
  type StalenessSettings,
  type VerificationSettings,
} from './access/verifier.ts'
import type { TokenEvent } from './events.ts'
import { createKeySet } from './keys/key-set.ts'
import type { TokenKeys } from './keys/token-keys.ts'
import type { RefreshPolicy } from './refresh/family.ts'
import { memoryStore } from './sessions/memory-store.ts'
import type { SessionStore } from './sessions/store.ts'

/** The session that claims are asked for. */
export interface SessionFacts {
  readonly sub: string
  readonly sid: string
  /** Milliseconds since the Unix epoch. */
  readonly createdAt: number
  readonly authTime: number
  readonly client: ClientFacts
}

/** Options of {@link createTokenService}. */
export interface TokenServiceOptions<C> {
  /** `iss` of every token, and what separates this issuer's sessions from another's in one store. */
  readonly issuer: string
  /** `aud` of every access token. */
  readonly audience: string
  /** Signing keys: `createKeySet()` or `hmacKeys()`. May be left out outside production. */
  readonly keys?: TokenKeys | undefined
  /** The ring whose `refresh` purpose signs refresh tokens. May be left out outside production. */
  readonly secrets?: SecretRing | undefined
  /** Where sessions live. May be left out outside production. */
  readonly store?: SessionStore | undefined
  /**
   * Loads what goes into an access token, at sign-in and at every refresh, so that a changed role takes effect. `null`
   * says that there is no such account any more: the session ends. Whatever it throws answers 503 and ends nothing.
   * `roles` (a list of texts) and `tenant` (a text) also become the principal's.
   */
  readonly claims: (session: SessionFacts) => C | null | Promise<C | null>
  /** Checks claims, when they are put into a token and when they are read from one. */
  readonly claimsSchema?: StandardSchema<C> | undefined
  /**
   * How a logout ends access tokens before they expire. `none`: not at all. `feed`, the default: at once in this process, within
   * the feed's staleness in others, without asking anybody at a request. `strict`: at once everywhere, for one read of the store
   * at every request.
   */
  readonly revocation?: 'none' | 'feed' | 'strict' | undefined
  /** How long ago the feed may have known everything; beyond that the store is asked, as with `strict`. Default 30 seconds. */
  readonly maxStaleness?: Duration | undefined
  /**
   * What to do with good tokens when the store is to be asked and does not answer: `refuse` them as `revocation_unknown`, which is
   * retryable and answered with 503, or `accept` them. Default `refuse`.
   */
  readonly onStale?: OnStale | undefined
  readonly access?: { /** Default 15 minutes. */ readonly ttl?: Duration | undefined } | undefined
  readonly refresh?: RefreshOptions | undefined
  /** Sessions of one subject; the least recently used leaves for a new one. Default 50. */
  readonly maxSessions?: number | undefined
  /** How far clocks may be apart. Default 5 seconds. */
  readonly skew?: Duration | undefined
  /** How many verified access tokens are remembered. Default 10,000. */
  readonly cacheSize?: number | undefined
  readonly now?: Now | undefined
  readonly events?: EventSink<TokenEvent> | undefined
}

/** The times and limits of refreshing. */
export interface RefreshOptions {
  /** How long a session lives without a refresh. Default 7 days. */
  readonly idle?: Duration | undefined
  /** How long a session lives at all. Default 30 days. */
  readonly absolute?: Duration | undefined
  /** Within this time, tokens that cross each other are taken for one client. Default 30 seconds, at most 10 minutes. */
  readonly grace?: Duration | undefined
  /** How long a response may have been lost, once a session was ever confirmed. Default 24 hours. */
  readonly lostWindow?: Duration | undefined
  /**
   * How many generations may be retried late before that is taken for a thief; each generation without makes up for one.
   * Default 3.
   */
  readonly budget?: number | undefined
}

/** What a token service works with. */
export interface ServiceSettings<C> extends VerificationSettings<C>, StalenessSettings {
  readonly keys: TokenKeys
  readonly ring: SecretRing
  readonly store: SessionStore
  readonly loadClaims: TokenServiceOptions<C>['claims']
  readonly revocation: 'none' | 'feed' | 'strict'
  readonly accessTtlMs: number
  readonly policy: RefreshPolicy
  readonly maxSessions: number
  readonly events: EventSink<TokenEvent> | undefined
}

/** A family that was never confirmed may be one whose client never confirms: it gets little time to be mistaken for a thief's. */
const UNCONFIRMED_WINDOW_MS = lifetime('2m')

/** Reads the options of a token service. */
export function readServiceOptions<C>(options: TokenServiceOptions<C>): ServiceSettings<C> {
  return readOptions('createTokenService', withDevelopmentKeys(options), (o) => {
    const accessTtlMs = o.nested('access').lifetime('ttl', '15m')
    const refresh = o.nested('refresh')
    const lostWindowMs = refresh.duration('lostWindow', '24h')
    const policy: RefreshPolicy = {
      idleMs: refresh.lifetime('idle', '7d'),
      absoluteMs: refresh.lifetime('absolute', '30d'),
      graceMs: refresh.duration('grace', '30s'),
      lostWindowMs,
      unconfirmedWindowMs: Math.min(UNCONFIRMED_WINDOW_MS, lostWindowMs),
      budget: refresh.integer('budget', { min: 0, max: 100 }, 3),
    }
    if (policy.graceMs < 1000 || policy.graceMs > 600_000) refresh.problem('grace', 'expected 1s to 10m')
    if (policy.lostWindowMs < policy.graceMs) refresh.problem('lostWindow', 'expected no less than grace')
    if (policy.idleMs < accessTtlMs + policy.graceMs + 60_000) {
      refresh.problem(
        'idle',
        'expected at least a minute more than access.ttl and grace: who refreshes when a token expires would be too late',
      )
    }
    if (policy.idleMs > policy.absoluteMs) refresh.problem('idle', 'expected no more than absolute')
    const verification = readVerification<C>(o)
    if (verification.audiences.length > 1) o.problem('audience', 'expected one text: a token is made for one audience')
    const keys = verification.keys as TokenKeys
    if (keys !== undefined && !isObjectWith(keys, 'signer'))
      o.problem('keys', 'expected keys that sign: createKeySet() or hmacKeys()')
    else if (keys !== undefined && keys.tokenTtlMs < accessTtlMs) {
      o.problem(
        'keys',
        'expected createKeySet({ tokenTtl }) of no less than access.ttl: retired keys would go before their tokens',
      )
    }
    return {
      ...verification,
      keys,
      ring: needed<SecretRing>(o, 'secrets', 'expected secretRing({ current: secret(…) })', 'derive'),
      store: needed<SessionStore>(o, 'store', 'expected memoryStore() or another session store', 'rotate'),
      loadClaims: o.callback('claims', true),
      revocation: o.oneOf('revocation', ['feed', 'none', 'strict'], 'feed'),
      ...readStaleness(o),
      accessTtlMs,
      policy,
      maxSessions: o.integer('maxSessions', { min: 1, max: 100_000 }, 50),
      events: o.callback<EventSink<TokenEvent> | undefined>('events'),
    }
  })
}

function needed<V>(o: OptionReader, name: string, expected: string, member: string): V {
  const value = o.value<V>(name, expected, (v) => isObjectWith(v, member))
  if (value === undefined) o.problem(name, `required in production; ${expected}`)
  return value as V
}

/** Outside production, what is missing is made in memory, and said aloud. In production its absence is a problem. */
function withDevelopmentKeys<C>(options: TokenServiceOptions<C>): TokenServiceOptions<C> {
  if (isProduction() || typeof options !== 'object' || options === null) return options
  const now = typeof options.now === 'function' ? options.now : undefined
  const made: { keys?: TokenKeys; secrets?: SecretRing; store?: SessionStore } = {}
  if (options.keys === undefined) {
    warn(
      'WARDSTONE_EPHEMERAL_KEYS',
      'createTokenService: no keys given; tokens are signed with a key that dies with this process',
    )
    made.keys = createKeySet({ now, tokenTtl: '30d' }) // no shorter than any access token, whatever its ttl
  }
  if (options.secrets === undefined) {
    warn('WARDSTONE_EPHEMERAL_SECRETS', 'createTokenService: no secrets given; refresh tokens die with this process')
    made.secrets = secretRing({ current: generateSecret() })
  }
  if (options.store === undefined) {
    warn('WARDSTONE_EPHEMERAL_STORE', 'createTokenService: no store given; sessions live in this process only')
    made.store = memoryStore({ now })
  }
  return { ...options, ...made }
}
