import { emitter, isProduction, readOptions, warn, type Duration, type EventSink, type Now } from '@wardstone/core'
import type { KeyEvent } from '../events.ts'
import { describeKeys } from './describe.ts'
import type { Jwks } from './jwks.ts'
import { LiveKeys } from './live-keys.ts'
import { leadMs, nextKeyDueAt, plan, type PlannedKey } from './plan.ts'
import { generate, generateNow, privateKeyOf } from './private-key.ts'
import { readInitial, readRotation, type Rotation, type RotationOptions } from './rotation-options.ts'
import type { SigningKey } from './signing-key.ts'
import { recordOf, type KeyRecord } from './snapshot.ts'
import type { KeyStage, TokenKeys } from './token-keys.ts'
import type { KeyInput, VerificationKey } from './verification-key.ts'

/** Options of {@link createKeySet}. */
export interface KeySetOptions extends RotationOptions {
  /** A private key to begin with, instead of a new one; several processes that share it sign and verify alike. */
  readonly initial?: KeyInput | undefined
  /**
   * How long a key signs before the next one takes over. Default 90 days; `never` where `initial` is given, since each
   * process would make another key.
   */
  readonly rotateEvery?: Duration | 'never' | undefined
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
  /** The same in words: a line for each key, with what happens when. */
  describe(): string
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
  const settings = readOptions('createKeySet', options, (o) => ({
    rotation: readRotation(o, options.initial === undefined ? '90d' : 'never'),
    initial: readInitial(o, options),
    now: o.callback<Now | undefined>('now') ?? Date.now,
    events: o.callback<EventSink<KeyEvent> | undefined>('events'),
  }))
  if (settings.initial === undefined && isProduction()) {
    warn('WARDSTONE_EPHEMERAL_KEYS', 'createKeySet: the keys live in this process only; they and every token die with it')
  }
  return new MemoryKeySet(settings.rotation, settings.initial, settings.now, emitter(settings.events))
}

class MemoryKeySet implements KeySet {
  readonly tokenTtlMs: number
  #making: Promise<KeyRecord> | undefined
  readonly #keys: LiveKeys<KeyRecord>
  readonly #rotation: Rotation
  readonly #now: Now
  readonly #emit: (event: KeyEvent) => void

  constructor(rotation: Rotation, initial: KeyInput | undefined, now: Now, emit: (event: KeyEvent) => void) {
    const { policy, algorithm } = rotation
    this.#rotation = rotation
    this.#now = now
    this.#emit = emit
    this.tokenTtlMs = policy.tokenTtlMs
    const at = now()
    const first = recordOf(algorithm, initial === undefined ? generateNow(algorithm) : privateKeyOf(initial, algorithm), at, at)
    this.#keys = new LiveKeys([first], policy, now, (name, severity, kid) => this.#report(name, severity, kid))
  }

  get version(): number {
    return this.#keys.version
  }

  signer(): SigningKey {
    const signer = this.#keys.signer()
    // In the background: this call signs with the key that is there.
    if (this.#isDue()) void this.rotate().catch(() => {})
    return signer
  }

  candidates(kid: string | undefined): readonly VerificationKey[] {
    return this.#keys.candidates(kid)
  }

  stageOf(kid: string): KeyStage {
    return this.#keys.stageOf(kid)
  }

  jwks(): Jwks {
    return this.#keys.jwks()
  }

  timeline(): readonly PlannedKey[] {
    return this.#keys.timeline()
  }

  describe(): string {
    return describeKeys(this.timeline(), nextKeyDueAt(this.#keys.records, this.#rotation.policy))
  }

  async rotate(): Promise<PlannedKey> {
    const { kid } = await this.#make()
    return this.timeline().find((key) => key.kid === kid) as PlannedKey
  }

  async remove(kid: string): Promise<boolean> {
    const { policy, algorithm } = this.#rotation
    const at = this.#now()
    const signed = this.stageOf(kid) === 'active' // asks first, so that no key is left that nobody else has any more
    const left = this.#keys.records.filter((key) => key.kid !== kid)
    if (left.length === this.#keys.records.length) return false
    // The only key: the next one is made in this thread, since until it is there the one that leaked would go on verifying.
    const made = left.length === 0 ? recordOf(algorithm, generateNow(algorithm), at, at) : undefined
    if (made !== undefined) left.push(made)
    // Somebody has to sign from now on: waiting for caches would mean to go on with the key that leaked.
    const signs = plan(left, at, policy).findLast((key) => key.stage === 'active')
    this.#keys.replace(left.map((key) => (key.kid === signs?.kid ? { ...key, activateAt: Math.min(key.activateAt, at) } : key)))
    if (made !== undefined) this.#report('key_published', 'info', made.kid)
    this.#report('key_compromised', 'critical', kid)
    // A key that had retired is back: only until the next one is known everywhere.
    const isBack = signed && signs !== undefined && signs.activateAt < at && signs.kid === left.at(-1)?.kid
    if (isBack) await this.#make()
    return true
  }

  async tick(): Promise<void> {
    if (this.#isDue()) await this.#make()
    this.#keys.signer()
  }

  #isDue(): boolean {
    return this.#now() >= nextKeyDueAt(this.#keys.records, this.#rotation.policy)
  }

  /** One key at a time, however many ask. */
  #make(): Promise<KeyRecord> {
    this.#making ??= this.#generate().finally(() => (this.#making = undefined))
    return this.#making
  }

  async #generate(): Promise<KeyRecord> {
    const { policy, algorithm } = this.#rotation
    const privateKey = await generate(algorithm)
    const at = this.#now()
    const newest = this.#keys.records.at(-1)?.activateAt ?? at
    const made = recordOf(algorithm, privateKey, at, Math.max(at + leadMs(policy), newest))
    this.#keys.replace([...this.#keys.records, made])
    this.#report('key_published', 'info', made.kid)
    return made
  }

  #report(name: KeyEvent['name'], severity: KeyEvent['severity'], kid: string): void {
    this.#emit({ name, severity, at: this.#now(), data: { kid, alg: this.#rotation.algorithm } })
  }
}
