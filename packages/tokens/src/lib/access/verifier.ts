import { readOptions, type Duration, type Now, type OptionReader, type Principal, type StandardSchema } from '@wardstone/core'
import { parseObject } from '../jws/compact.ts'
import { verifyCompact } from '../jws/verify.ts'
import type { VerificationKey, VerificationKeys } from '../keys/verification-key.ts'
import { namespaceOf } from '../refresh/wire.ts'
import { refusal, type AccessRefusal, type Refusal } from '../refusals.ts'
import { RevocationView, type RevocationFeed } from '../sessions/revocation.ts'
import { TokenCache } from './cache.ts'
import { ACCESS_TYPE, checkClaims, fitsPrincipal, readPayload, type OwnClaims, type PrincipalClaims } from './claims.ts'
import { RevocableToken, VerifiedToken, type Verification, type Verified } from './verified.ts'

/** Options of {@link createVerifier}. */
export interface VerifierOptions<C> {
  /** Who issued the tokens: compared with `iss`, to the letter. */
  readonly issuer: string
  /** Who the tokens are for: `aud` must be this, or one of these. */
  readonly audience: string | readonly string[]
  readonly keys: VerificationKeys
  /** Where revocations come from. `'none'` means that a token is good until it expires, also after a logout. */
  readonly revocation: RevocationFeed | 'none'
  /** How long ago the feed may have known everything. Default 30 seconds. */
  readonly maxStaleness?: Duration | undefined
  /**
   * What to do with good tokens while the feed is staler than that: `refuse` them as `revocation_unknown`, which is retryable and
   * answered with 503, or `accept` them, ended sessions among them. Default `refuse`.
   */
  readonly onStale?: OnStale | undefined
  /** Checks the application's claims, and gives them their type. Any Standard Schema that answers at once. */
  readonly claimsSchema?: StandardSchema<C> | undefined
  /** The longest lifetime that a token may have. Default 1 day. */
  readonly maxLifetime?: Duration | undefined
  /** How far clocks may be apart. Default 5 seconds, at most 60. */
  readonly skew?: Duration | undefined
  /** How many verified tokens are remembered. Default 10,000, some 15 MB; 0 remembers none. */
  readonly cacheSize?: number | undefined
  readonly now?: Now | undefined
}

/** Verifies access tokens: for services that do not issue any. */
export interface Verifier<C> {
  /** The verifier's clock, for whoever answers in its name. */
  readonly now: Now
  /** Verifies an access token, at once. While the feed is stale, `onStale` says what comes of good ones. */
  verify(accessToken: string): Verification<C>
  /** Calls back once when the session of the token ends; returns the way to stop waiting. */
  onEnd(verified: Verified<C>, listener: () => void): () => void
  stats(): VerifierStats
}

/** What was verified and refused since the start. */
export interface VerifierStats {
  /** Verified, by the id of the key. An old key that no longer grows here is unused. */
  readonly verified: Readonly<Record<string, number>>
  /** Refused, by code. */
  readonly refused: Readonly<Partial<Record<AccessRefusal, number>>>
  /** How long ago all revocations were known, in milliseconds; `Infinity` before the first whole reading of the feed. */
  readonly staleness: number
}

/**
 * Makes a verifier for a service that issues no tokens: public keys, no store.
 *
 * @throws {@link ConfigurationError} `invalid_options`
 * @see {@link https://www.rfc-editor.org/rfc/rfc9068#section-4 | RFC 9068 section 4}
 *
 * @example
 * ```ts
 * import { createVerifier, type VerificationKeys } from '@wardstone/tokens'
 *
 * export const verifierFor = (keys: VerificationKeys) =>
 *   createVerifier<{ plan: string }>({ issuer: 'https://id.example', audience: 'https://api.example', keys, revocation: 'none' })
 * ```
 */
export function createVerifier<C = unknown>(options: VerifierOptions<C>): Verifier<C> {
  const settings = readOptions('createVerifier', options, (o) => {
    const revocation = o.value<RevocationFeed | 'none'>(
      'revocation',
      "expected a feed, or 'none' if a token may outlive its session",
      (v) => v === 'none' || isObjectWith(v, 'follow'),
    )
    if (revocation === undefined)
      o.problem('revocation', "required; expected a feed, or 'none' if a token may outlive its session")
    const maxLifetimeMs = o.lifetime('maxLifetime', '1d')
    return { ...readVerification<C>(o), ...readStaleness(o), revocation, maxLifetimeMs }
  })
  const { revocation, maxLifetimeMs, skewMs, now } = settings
  const view = new RevocationView(revocation === 'none' ? undefined : revocation, maxLifetimeMs + skewMs, now)
  return new AccessVerifier<C>({ ...settings, view })
}

/** What every verification of access tokens needs, whoever does it. */
export interface VerificationSettings<C> {
  readonly issuer: string
  readonly audiences: readonly string[]
  readonly keys: VerificationKeys
  readonly schema: StandardSchema<C> | undefined
  readonly skewMs: number
  readonly cacheSize: number
  readonly now: Now
}

/** Reads the options that a verifier and a token service have in common. */
export function readVerification<C>(o: OptionReader): VerificationSettings<C> {
  const audience = o.value<string | readonly string[]>('audience', 'expected a text, or a list of texts', isAudience)
  if (audience === undefined) o.problem('audience', 'required; expected a text, or a list of texts')
  const keys = o.value<VerificationKeys>('keys', 'expected createKeySet(), hmacKeys() or jwksKeys(); never a text', (v) =>
    isObjectWith(v, 'candidates'),
  )
  if (keys === undefined) o.problem('keys', 'required; expected createKeySet(), hmacKeys() or jwksKeys()')
  const skewMs = o.duration('skew', '5s')
  if (skewMs > 60_000) o.problem('skew', 'expected at most 60s')
  return {
    issuer: o.text('issuer'),
    audiences: [audience ?? ''].flat(),
    keys: keys as VerificationKeys,
    schema: o.value<StandardSchema<C>>('claimsSchema', 'expected a Standard Schema', (v) => isObjectWith(v, '~standard')),
    skewMs,
    cacheSize: o.integer('cacheSize', { min: 0, max: 1_000_000 }, 10_000),
    now: o.callback<Now | undefined>('now') ?? Date.now,
  }
}

function isAudience(value: unknown): boolean {
  const texts = [value].flat()
  return texts.length > 0 && texts.every((text) => typeof text === 'string' && text !== '')
}

/** What comes of good tokens while nobody knows which sessions have ended. */
export type OnStale = 'refuse' | 'accept'

/** How old what is known of revocations may be. */
export interface StalenessSettings {
  readonly maxStalenessMs: number
  readonly onStale: OnStale
}

/** Reads what a verifier and a token service say of stale feeds. */
export function readStaleness(o: OptionReader): StalenessSettings {
  return { maxStalenessMs: o.duration('maxStaleness', '30s'), onStale: o.oneOf('onStale', ['refuse', 'accept'], 'refuse') }
}

/** Whether a value is an object, or function, that has the member. */
export function isObjectWith(value: unknown, member: string): boolean {
  return (typeof value === 'object' || typeof value === 'function') && value !== null && member in value
}

/** A verified token and what has to be the same for it to be so still. */
interface Remembered<C> {
  readonly verified: VerifiedToken<C>
  readonly key: VerificationKey
  readonly validUntil: number
  keysVersion: number
  viewVersion: number
}

/** What verification works with. */
export interface AccessVerifierSettings<C> extends VerificationSettings<C>, StalenessSettings {
  readonly view: RevocationView
  readonly maxLifetimeMs: number
}

/** Verifies access tokens in a fixed order, and remembers those that it believed. */
export class AccessVerifier<C> implements Verifier<C> {
  readonly now: Now
  readonly #settings: AccessVerifierSettings<C>
  readonly #namespace: string
  readonly #cache: TokenCache<Remembered<C>>
  readonly #verified = new Map<string, number>()
  readonly #refused: Partial<Record<AccessRefusal, number>> = {}

  constructor(settings: AccessVerifierSettings<C>) {
    this.now = settings.now
    this.#settings = settings
    this.#namespace = namespaceOf(settings.issuer)
    this.#cache = new TokenCache(Math.ceil(settings.cacheSize / 2))
  }

  verify(accessToken: string): Verification<C> {
    const result = this.check(accessToken)
    return result.ok && this.isStale() && this.#settings.onStale === 'refuse' ? this.refuse('revocation_unknown', true) : result
  }

  /** Whether too much may have happened since the feed knew everything. */
  isStale(): boolean {
    return this.#settings.view.staleness() > this.#settings.maxStalenessMs
  }

  /** Counts a refusal. */
  refuse(code: AccessRefusal, retryable = false): Refusal<AccessRefusal> {
    this.#refused[code] = (this.#refused[code] ?? 0) + 1
    return refusal(code, retryable)
  }

  /** Verifies by what is known here, however old that is. */
  check(accessToken: string): Verification<C> {
    const known = typeof accessToken === 'string' ? this.#cache.get(accessToken) : undefined
    const result = known === undefined ? this.#verifyNew(accessToken) : this.#verifyAgain(accessToken, known)
    return typeof result === 'string' ? this.refuse(result) : result
  }

  onEnd(verified: Verified<C>, listener: () => void): () => void {
    return this.#settings.view.onEnd(VerifiedToken.revocable(verified), listener)
  }

  stats(): VerifierStats {
    const staleness = this.#settings.view.staleness()
    return { verified: Object.fromEntries(this.#verified), refused: { ...this.#refused }, staleness }
  }

  /** The usual case. The signature does not change; time, keys and revocations do. */
  #verifyAgain(token: string, known: Remembered<C>): VerifiedToken<C> | AccessRefusal {
    const { keys, view, now } = this.#settings
    if (now() >= known.validUntil) return this.#forget(token, 'expired')
    if (known.keysVersion !== keys.version) {
      // The key itself, not its id: another secret may have taken the id over.
      if (!keys.candidates(known.key.kid).includes(known.key)) return this.#verifyAnew(token)
      known.keysVersion = keys.version
    }
    if (known.viewVersion !== view.version) {
      const revoked = view.judge(VerifiedToken.revocable(known.verified))
      if (revoked !== undefined) return this.#forget(token, revoked)
      known.viewVersion = view.version
    }
    this.#count(known.key.kid)
    return known.verified
  }

  #verifyAnew(token: string): VerifiedToken<C> | AccessRefusal {
    this.#cache.delete(token)
    return this.#verifyNew(token)
  }

  #verifyNew(token: string): VerifiedToken<C> | AccessRefusal {
    const { keys, view, skewMs } = this.#settings
    const keysVersion = keys.version
    const signed = verifyCompact(token, keys)
    if (typeof signed === 'string') return signed
    if (signed.typ !== ACCESS_TYPE && signed.typ !== `application/${ACCESS_TYPE}`) return 'wrong_type'
    const payload = parseObject(signed.payload)
    const parts = payload && readPayload(payload)
    if (parts === undefined) return 'claims_invalid'
    const { own } = parts
    const refused = this.#judgeOwn(own)
    if (refused !== undefined) return refused
    const claims = checkClaims(this.#settings.schema, parts.claims)
    if (claims === undefined || !fitsPrincipal(claims.value)) return 'claims_invalid'
    const revocable = new RevocableToken(own, this.#namespace)
    const revoked = view.judge(revocable)
    if (revoked !== undefined) return revoked
    const verified = new VerifiedToken(principalOf(own, claims.value), own.gen, own.exp * 1000, revocable)
    const validUntil = verified.expiresAt + skewMs
    if (this.#settings.cacheSize > 0) {
      this.#cache.set(token, { verified, key: signed.key, validUntil, keysVersion, viewVersion: view.version })
    }
    this.#count(signed.key.kid)
    return verified
  }

  #judgeOwn(own: OwnClaims): AccessRefusal | undefined {
    const { issuer, audiences, skewMs, maxLifetimeMs, now } = this.#settings
    const at = now()
    if (own.iss !== issuer) return 'wrong_issuer'
    if (!audiences.includes(own.aud)) return 'wrong_audience'
    if (at >= own.exp * 1000 + skewMs) return 'expired'
    if (at < own.iat * 1000 - skewMs) return 'not_yet_valid'
    return (own.exp - own.iat) * 1000 > maxLifetimeMs ? 'lifetime_too_long' : undefined
  }

  #forget(token: string, why: AccessRefusal): AccessRefusal {
    this.#cache.delete(token)
    return why
  }

  #count(kid: string): void {
    this.#verified.set(kid, (this.#verified.get(kid) ?? 0) + 1)
  }
}

function principalOf<C>(own: OwnClaims, claims: C & PrincipalClaims): Principal<C> {
  const { roles, tenant } = claims
  return { id: own.sub, roles: roles ?? NO_ROLES, tenant, sid: own.sid, authTime: own.auth_time * 1000, claims }
}

const NO_ROLES: readonly string[] = Object.freeze([])
