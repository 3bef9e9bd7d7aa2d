import {
  emitter,
  isProduction,
  lifetime,
  readOptions,
  warn,
  type Duration,
  type EventSink,
  type Now,
  type OptionReader,
} from '@wardstone/core'
import type { KeyEvent } from '../events.ts'
import type { Jwks } from './jwks.ts'
import { leadMs, nextKeyDueAt, plan, type PlannedKey, type RotationPolicy } from './plan.ts'
import { generate, generateNow, privateKeyOf } from './private-key.ts'
import type { SigningKey } from './signing-key.ts'
import { recordOf, snapshotOf, type KeyRecord, type Snapshot } from './snapshot.ts'
import type { KeyStage, TokenKeys } from './token-keys.ts'
import type { AsymmetricAlgorithm, KeyInput, VerificationKey } from './verification-key.ts'

/** Options of {@link createKeySet}. */
export interface KeySetOptions {
  /** Default `RS256`, which every verifier knows; `ES256` and `EdDSA` make smaller tokens. */
  readonly algorithm?: AsymmetricAlgorithm | undefined
  /** A private key to begin with, instead of a new one; several processes that share it sign and verify alike. */
  readonly initial?: KeyInput | undefined
  /**
   * How long a key signs before the next one takes over. Default 90 days; `never` where `initial` is given, since each
   * process would make another key.
   */
  readonly rotateEvery?: Duration | 'never' | undefined
  /** The longest lifetime of a token signed here: so long a retired key goes on verifying. Default 15 minutes. */
  readonly tokenTtl?: Duration | undefined
  /** How long verifiers may cache the published set: so long a new key waits before it signs. Default 5 minutes. */
  readonly jwksMaxAge?: Duration | undefined
  /** How far clocks may be apart. Default 5 seconds. */
  readonly skew?: Duration | undefined
  readonly now?: Now | undefined
  readonly events?: EventSink<KeyEvent> | undefined
}

/** A set of signing keys that renews itself: published, then signing, then retired, then removed. */
export interface KeySet extends TokenKeys {
  /**
   * Makes the next key now. It is published at once and signs as soon as every verifier must have seen it; the key before
   * it goes on verifying until its last token has expired. Nothing fails meanwhile.
   *
   * @returns the new key's id and when it will sign
   */
  rotate(): Promise<PlannedKey>
  /**
   * For a key that leaked: it verifies nothing from this call on, and another signs: the one before it where that still
   * verifies, since verifiers elsewhere know it, else the next. Its tokens are refused; verifiers elsewhere follow when they
   * fetch the set again.
   *
   * @returns whether there was such a key: `false` means that it leaked from somewhere else
   */
  remove(kid: string): Promise<boolean>
  /** Makes the next key if it is due. Signing asks for it by itself; call it from a timer where signing is rare. */
  tick(): Promise<void>
  /** Every key with its stage and times, oldest first. */
  timeline(): readonly PlannedKey[]
}

/**
 * Makes a set of signing keys in memory, for one process. The first key signs at once; the times of later ones follow from
 * the lifetimes.
 *
 * @throws {@link ConfigurationError} `invalid_options`
 * @see {@link https://www.rfc-editor.org/rfc/rfc7517 | RFC 7517}
 *
 * @example
 * ```ts
 * import { createKeySet } from '@wardstone/tokens'
 *
 * const keys = createKeySet({ algorithm: 'ES256', rotateEvery: '30d' })
 * export const next = await keys.rotate()
 * ```
 */
export function createKeySet(options: KeySetOptions = {}): KeySet {
  const settings = readOptions('createKeySet', options, (o) => {
    const policy: RotationPolicy = {
      rotateEveryMs: readRotateEvery(o, options.initial === undefined ? '90d' : 'never'),
      tokenTtlMs: o.lifetime('tokenTtl', '15m'),
      jwksMaxAgeMs: o.duration('jwksMaxAge', '5m'),
      skewMs: o.duration('skew', '5s'),
    }
    if (policy.skewMs > 60_000) o.problem('skew', 'expected at most 60s')
    if (policy.rotateEveryMs < leadMs(policy))
      o.problem('rotateEvery', 'expected more than jwksMaxAge + skew: no key could be published in time')
    return {
      policy,
      algorithm: o.oneOf('algorithm', ['RS256', 'ES256', 'EdDSA'], 'RS256'),
      initial: readInitial(o, options),
      now: o.callback<Now | undefined>('now') ?? Date.now,
      events: o.callback<EventSink<KeyEvent> | undefined>('events'),
    }
  })
  if (settings.initial === undefined && isProduction()) {
    warn('WARDSTONE_EPHEMERAL_KEYS', 'createKeySet: the keys live in this process only; they and every token die with it')
  }
  return new MemoryKeySet(settings.policy, settings.algorithm, settings.initial, settings.now, emitter(settings.events))
}

function readInitial(o: OptionReader, options: KeySetOptions): KeyInput | undefined {
  const expected = 'expected a private KeyObject (createPrivateKey(pem) of node:crypto), CryptoKey or JWK'
  const given = o.value<KeyInput>('initial', expected, (v) => typeof v === 'object' && v !== null)
  if (isProduction() && given === undefined && 'initial' in options) {
    o.problem('initial', 'given, but undefined; is the environment variable set?')
  }
  return given
}

function readRotateEvery(o: OptionReader, fallback: Duration | 'never'): number {
  const given = o.value<Duration | 'never'>('rotateEvery', '', () => true) ?? fallback
  if (given === 'never') return Number.POSITIVE_INFINITY
  try {
    return lifetime(given)
  } catch {
    o.problem('rotateEvery', "expected a duration such as '90d', or 'never'")
    return Number.POSITIVE_INFINITY
  }
}

class MemoryKeySet implements KeySet {
  readonly tokenTtlMs: number
  version = 0
  #records: readonly KeyRecord[]
  #snapshot: Snapshot
  #making: Promise<KeyRecord> | undefined
  readonly #policy: RotationPolicy
  readonly #alg: AsymmetricAlgorithm
  readonly #now: Now
  readonly #emit: (event: KeyEvent) => void

  constructor(
    policy: RotationPolicy,
    alg: AsymmetricAlgorithm,
    initial: KeyInput | undefined,
    now: Now,
    emit: (event: KeyEvent) => void,
  ) {
    this.#policy = policy
    this.#alg = alg
    this.#now = now
    this.#emit = emit
    this.tokenTtlMs = policy.tokenTtlMs
    const at = now()
    this.#records = [recordOf(alg, initial === undefined ? generateNow(alg) : privateKeyOf(initial, alg), at, at)]
    this.#snapshot = snapshotOf(this.#records, at, policy)
  }

  signer(): SigningKey {
    const snapshot = this.#current()
    // In the background: this call signs with the key that is there.
    if (this.#now() >= nextKeyDueAt(this.#records, this.#policy)) void this.rotate().catch(() => {})
    return snapshot.signer
  }

  candidates(kid: string | undefined): readonly VerificationKey[] {
    return kid === undefined ? [] : (this.#current().candidates.get(kid) ?? [])
  }

  stageOf(kid: string): KeyStage {
    const stage = this.#current().keys.find((key) => key.kid === kid)?.stage
    return stage === undefined || stage === 'removed' ? 'unknown' : stage
  }

  jwks(): Jwks {
    return this.#current().jwks
  }

  timeline(): readonly PlannedKey[] {
    return this.#current().keys
  }

  async rotate(): Promise<PlannedKey> {
    const { kid } = await this.#make()
    return this.timeline().find((key) => key.kid === kid) as PlannedKey
  }

  async remove(kid: string): Promise<boolean> {
    const at = this.#now()
    this.#current() // so that no key is left that nobody else has any more
    const left = this.#records.filter((key) => key.kid !== kid)
    if (left.length === this.#records.length) return false
    const signed = this.stageOf(kid) === 'active'
    // The only key: the next one is made in this thread, since until it is there the one that leaked would go on verifying.
    const made = left.length === 0 ? recordOf(this.#alg, generateNow(this.#alg), at, at) : undefined
    if (made !== undefined) left.push(made)
    // Somebody has to sign from now on: waiting for caches would mean to go on with the key that leaked.
    const signs = plan(left, at, this.#policy).findLast((key) => key.stage === 'active')
    this.#replace(left.map((key) => (key.kid === signs?.kid ? { ...key, activateAt: Math.min(key.activateAt, at) } : key)))
    if (made !== undefined) this.#report('key_published', 'info', made.kid)
    this.#report('key_compromised', 'critical', kid)
    // A key that had retired is back: only until the next one is known everywhere.
    const isBack = signed && signs !== undefined && signs.activateAt < at && signs.kid === left.at(-1)?.kid
    if (isBack) await this.#make()
    return true
  }

  async tick(): Promise<void> {
    if (this.#now() >= nextKeyDueAt(this.#records, this.#policy)) await this.#make()
    this.#current()
  }

  /** One key at a time, however many ask. */
  #make(): Promise<KeyRecord> {
    this.#making ??= this.#generate().finally(() => (this.#making = undefined))
    return this.#making
  }

  async #generate(): Promise<KeyRecord> {
    const privateKey = await generate(this.#alg)
    const at = this.#now()
    const newest = this.#records.at(-1)?.activateAt ?? at
    const made = recordOf(this.#alg, privateKey, at, Math.max(at + leadMs(this.#policy), newest))
    this.#replace([...this.#records, made])
    this.#report('key_published', 'info', made.kid)
    return made
  }

  #replace(records: readonly KeyRecord[]): void {
    this.#records = records
    this.#renew(this.#now())
  }

  #current(): Snapshot {
    const now = this.#now()
    // Also when the clock went back: a stage holds between two moments, not since one.
    if (now >= this.#snapshot.until || now < this.#snapshot.from) this.#renew(now)
    return this.#snapshot
  }

  #renew(now: number): void {
    const before = this.#snapshot
    const after = snapshotOf(this.#records, now, this.#policy)
    this.#records = this.#records.filter((key) => after.candidates.has(key.kid))
    this.#snapshot = after // before anybody is told, who may ask
    if ([...before.candidates.keys()].some((kid) => !after.candidates.has(kid))) this.version++
    for (const key of after.keys) {
      const earlier = before.keys.find((k) => k.kid === key.kid)?.stage
      if (key.stage === 'active' && earlier !== 'active') this.#report('key_activated', 'info', key.kid)
      if (key.stage === 'removed' && earlier !== 'removed') this.#report('key_removed', 'info', key.kid)
    }
  }

  #report(name: KeyEvent['name'], severity: KeyEvent['severity'], kid: string): void {
    this.#emit({ name, severity, at: this.#now(), data: { kid, alg: this.#alg } })
  }
}
