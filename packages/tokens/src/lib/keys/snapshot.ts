import type { KeyObject } from 'node:crypto'
import type { JWK } from 'jose'
import { writeJwks, type Jwks } from './jwks.ts'
import { plan, type LastingKey, type PlannedKey, type RotationPolicy } from './plan.ts'
import { signingKey, type SigningKey } from './signing-key.ts'
import { verificationKey, type AsymmetricAlgorithm, type VerificationKey } from './verification-key.ts'

/** A key with its times. */
export interface KeyRecord extends LastingKey {
  readonly signing: SigningKey
  readonly verification: VerificationKey & { readonly jwk: JWK }
}

/** All that is answered from, true from one moment until the next change of a stage. */
export interface Snapshot {
  readonly from: number
  readonly until: number
  readonly keys: readonly PlannedKey[]
  readonly candidates: ReadonlyMap<string, readonly VerificationKey[]>
  readonly signer: SigningKey
  readonly jwks: Jwks
}

/** What a set of keys answers at a moment, and for how long. */
export function snapshotOf(records: readonly KeyRecord[], now: number, policy: RotationPolicy): Snapshot {
  const keys = plan(records, now, policy)
  const alive = keys.flatMap((key, i) => (key.stage === 'removed' ? [] : [{ key, record: records[i] as KeyRecord }]))
  const moments = keys.flatMap(({ activateAt, removeAt }) => [activateAt, removeAt ?? Number.POSITIVE_INFINITY])
  return {
    from: Math.max(Number.NEGATIVE_INFINITY, ...moments.filter((at) => at <= now)),
    until: Math.min(Number.POSITIVE_INFINITY, ...moments.filter((at) => at > now)),
    keys,
    candidates: new Map(alive.map(({ record: { kid, verification } }) => [kid, [verification]])),
    signer: (alive.findLast(({ key }) => key.stage === 'active') as { record: KeyRecord }).record.signing,
    jwks: writeJwks(
      alive.map(({ record }) => record.verification.jwk),
      policy.jwksMaxAgeMs,
    ),
  }
}

/** Makes the record of a private key. */
export function recordOf(alg: AsymmetricAlgorithm, privateKey: KeyObject, createdAt: number, activateAt: number): KeyRecord {
  const verification = verificationKey(privateKey, alg)
  return { kid: verification.kid, createdAt, activateAt, verification, signing: signingKey(verification.kid, alg, privateKey) }
}
