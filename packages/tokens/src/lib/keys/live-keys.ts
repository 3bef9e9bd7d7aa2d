import type { Now } from '@wardstone/core'
import type { KeyEvent } from '../events.ts'
import type { Jwks } from './jwks.ts'
import type { PlannedKey, RotationPolicy } from './plan.ts'
import type { SigningKey } from './signing-key.ts'
import { snapshotOf, type KeyRecord, type Snapshot } from './snapshot.ts'
import type { KeyStage } from './token-keys.ts'
import type { AsymmetricAlgorithm, VerificationKey } from './verification-key.ts'

/** Tells of a change in a set of keys. */
export type KeyReport = (name: KeyEvent['name'], severity: KeyEvent['severity'], kid: string, alg: AsymmetricAlgorithm) => void

/** The keys that a set has, and what they answer at the moment of the question. */
export class LiveKeys<R extends KeyRecord> {
  /** Grows whenever a key goes away. */
  version = 0
  #records: readonly R[]
  #snapshot: Snapshot
  readonly #policy: RotationPolicy
  readonly #now: Now
  readonly #report: KeyReport

  constructor(records: readonly R[], policy: RotationPolicy, now: Now, report: KeyReport) {
    this.#records = records
    this.#policy = policy
    this.#now = now
    this.#report = report
    this.#snapshot = snapshotOf(records, now(), policy)
  }

  /** In the order of their activation, without those that are removed. */
  get records(): readonly R[] {
    return this.#records
  }

  signer(): SigningKey {
    return this.#current().signer
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

  /** Takes other records in place of those it had. */
  replace(records: readonly R[]): void {
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
    const algs = new Map(this.#records.map(({ kid, verification }) => [kid, verification.alg as AsymmetricAlgorithm]))
    this.#records = this.#records.filter((key) => after.candidates.has(key.kid))
    this.#snapshot = after // before anybody is told, who may ask
    if ([...before.candidates.keys()].some((kid) => !after.candidates.has(kid))) this.version++
    for (const key of after.keys) {
      const earlier = before.keys.find((k) => k.kid === key.kid)?.stage
      const alg = algs.get(key.kid) as AsymmetricAlgorithm
      if (key.stage === 'active' && earlier !== 'active') this.#report('key_activated', 'info', key.kid, alg)
      // One that was not here before has gone before: what is stored is tidied later.
      if (key.stage === 'removed' && earlier !== undefined && earlier !== 'removed')
        this.#report('key_removed', 'info', key.kid, alg)
    }
  }
}
