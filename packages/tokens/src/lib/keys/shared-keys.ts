import type { Now } from '@wardstone/core'
import type { KeyEvent } from '../events.ts'
import { describeKeys } from './describe.ts'
import type { Jwks } from './jwks.ts'
import { KeyDocumentError } from './key-document-error.ts'
import type { KeyDocumentEvent } from './key-document-events.ts'
import { LiveKeys } from './live-keys.ts'
import { nextKeyDueAt, type PlannedKey } from './plan.ts'
import { filled, Replica, type ReplicaSettings, type Wish } from './replica.ts'
import type { SharedKeySet, SharedKeySetStats } from './shared-key-set.ts'
import { withoutKey, type SharedKey, type SharedState } from './shared-state.ts'
import type { SigningKey } from './signing-key.ts'
import type { KeyStage } from './token-keys.ts'
import type { AsymmetricAlgorithm, VerificationKey } from './verification-key.ts'

/** What a shared set works with. */
export interface SharedKeysSettings extends Pick<ReplicaSettings, 'document' | 'ring' | 'rotation' | 'first'> {
  readonly elapsed: Now
  readonly pollMs: number
  readonly emit: (event: KeyEvent | KeyDocumentEvent) => void
}

/** Answers from this node's copy, whatever happens to the store. */
export class SharedKeys implements SharedKeySet {
  readonly tokenTtlMs: number
  readonly #own: SharedKeysSettings
  readonly #replica: Replica
  readonly #keys: LiveKeys<SharedKey>
  readonly #timer: NodeJS.Timeout
  #ticking: Promise<void> | undefined
  #rotating: Promise<string | undefined> | undefined
  /** What was reported already of the failures at hand. */
  readonly #reported = new Set<string>()

  static async open(own: SharedKeysSettings): Promise<SharedKeys> {
    let set: SharedKeys | undefined
    const replica: Replica = new Replica({
      ...own,
      changed: (before, after) => {
        if (set !== undefined) set.#changed(before, after)
      },
      restored: (why) => own.emit({ name: 'key_document_restored', severity: 'warn', at: replica.now(), data: { why } }),
    })
    await replica.sync(dueIn(own))
    set = new SharedKeys(own, replica)
    return set
  }

  private constructor(own: SharedKeysSettings, replica: Replica) {
    const { policy } = own.rotation
    this.#own = own
    this.#replica = replica
    this.tokenTtlMs = policy.tokenTtlMs
    this.#keys = new LiveKeys(replica.state.keys, policy, () => replica.now(), this.#report)
    this.#timer = setInterval(() => this.#quietly(), own.pollMs)
    this.#timer.unref()
  }

  get version(): number {
    return this.#keys.version
  }

  signer(): SigningKey {
    // Where timers stand still, signing is what keeps the copy fresh: it is read in the background, no more often than by the timer.
    if (this.#replica.sinceTry() > 2 * this.#own.pollMs) this.#quietly()
    return this.#keys.signer()
  }

  candidates(kid: string | undefined): readonly VerificationKey[] {
    return this.#keys.candidates(kid)
  }

  stageOf(kid: string): KeyStage {
    return this.#keys.stageOf(kid)
  }

  jwks(): Jwks {
    const jwks = this.#keys.jwks()
    const { jwksMaxAgeMs } = this.#own.rotation.policy
    // A copy that is handed on must have expired before a key signs that this node may not have heard of.
    const maxAgeMs = Math.min(jwksMaxAgeMs, this.#patience() - this.#replica.staleness())
    return maxAgeMs >= jwksMaxAgeMs
      ? jwks
      : { ...jwks, cacheControl: `public, max-age=${Math.max(0, Math.floor(maxAgeMs / 1000))}` }
  }

  timeline(): readonly PlannedKey[] {
    return this.#keys.timeline()
  }

  describe(): string {
    return describeKeys(this.timeline(), this.#dueAt())
  }

  stats(): SharedKeySetStats {
    const staleness = this.#replica.staleness()
    return {
      staleness,
      stale: staleness > this.#patience(),
      sealedBy: this.#replica.sealedBy,
      revision: this.#replica.state.revision,
      rotationDueAt: this.#dueAt(),
    }
  }

  async rotate(): Promise<PlannedKey> {
    this.#needsWrite()
    this.#rotating ??= this.#sync({ isDue: () => true }).finally(() => (this.#rotating = undefined))
    const kid = await this.#rotating
    return this.timeline().find((key) => key.kid === kid) as PlannedKey
  }

  async remove(kid: string): Promise<boolean> {
    this.#needsWrite()
    if (this.stageOf(kid) === 'unknown') await this.tick()
    if (this.stageOf(kid) === 'unknown') return false
    const { rotation } = this.#own
    const without = (state: SharedState, now: number): SharedState =>
      filled(withoutKey(state, kid, now, rotation.policy).state, now, rotation)
    const now = this.#replica.now()
    // A key that had retired is back: only until the next one is known everywhere.
    const { isBack } = withoutKey(this.#replica.state, kid, now, rotation.policy)
    this.#replica.hold(without(this.#replica.state, now))
    await this.#sync({
      change: without,
      isDue: ({ keys }, at) => isBack && keys.every(({ activateAt }) => activateAt <= at),
    })
    return true
  }

  tick(): Promise<void> {
    this.#ticking ??= this.#sync(dueIn(this.#own))
      .then(() => void this.#keys.signer())
      .finally(() => (this.#ticking = undefined))
    return this.#ticking
  }

  close(): void {
    clearInterval(this.#timer)
  }

  #dueAt(): number {
    return nextKeyDueAt(this.#replica.state.keys, this.#own.rotation.policy)
  }

  /** How long after a reading no key can sign that was not in it. */
  #patience(): number {
    return this.#own.rotation.policy.jwksMaxAgeMs + 2 * this.#own.pollMs
  }

  #needsWrite(): void {
    if (this.#own.document.write === undefined) throw new KeyDocumentError('key_document_read_only')
  }

  #quietly(): void {
    this.tick().catch(() => {}) // reported
  }

  async #sync(wish: Wish): Promise<string | undefined> {
    try {
      const made = await this.#replica.sync(wish)
      this.#reported.clear()
      return made
    } catch (error) {
      const unreadable = error instanceof KeyDocumentError && error.code === 'key_document_unreadable'
      // Only of ours is it known that its message quotes nothing.
      const why = error instanceof KeyDocumentError ? error.message : codeOf(error)
      if (unreadable) this.#once('key_document_rejected', 'critical', why)
      else this.#once('key_document_unreachable', 'warn', why)
      if (this.stats().stale) this.#once('key_set_stale', 'critical', why)
      throw error
    }
  }

  #once(name: KeyDocumentEvent['name'], severity: KeyDocumentEvent['severity'], why: string): void {
    if (this.#reported.has(name)) return
    this.#reported.add(name)
    this.#own.emit({ name, severity, at: this.#replica.now(), data: { why } })
  }

  #changed(before: SharedState | undefined, after: SharedState): void {
    this.#keys.replace(after.keys)
    if (before === undefined) return
    const isNewIn = (list: readonly { readonly kid: string }[]) => (one: { readonly kid: string }) =>
      !list.some(({ kid }) => kid === one.kid)
    for (const { kid, verification } of after.keys.filter(isNewIn(before.keys)))
      this.#report('key_published', 'info', kid, verification.alg as AsymmetricAlgorithm)
    for (const { kid } of after.banned.filter(isNewIn(before.banned))) {
      const alg = before.keys.find((key) => key.kid === kid)?.verification.alg
      if (alg !== undefined) this.#report('key_compromised', 'critical', kid, alg as AsymmetricAlgorithm)
    }
  }

  #report = (name: KeyEvent['name'], severity: KeyEvent['severity'], kid: string, alg: AsymmetricAlgorithm): void => {
    this.#own.emit({ name, severity, at: this.#replica.now(), data: { kid, alg } })
  }
}

/** What a node does by itself. */
function dueIn({ rotation }: SharedKeysSettings): Wish {
  return { isDue: (state, now) => now >= nextKeyDueAt(state.keys, rotation.policy) }
}

function codeOf(error: unknown): string {
  const { code } = (error ?? {}) as { readonly code?: unknown }
  return typeof code === 'string' && /^[\w.-]{1,64}$/.test(code) ? code : 'unknown'
}
