import type { SigningKey } from './signing-key.ts'
import type { Jwks } from './jwks.ts'
import type { VerificationKeys } from './verification-key.ts'

/** What a token service signs and verifies with: a key set, or a ring of secrets. */
export interface TokenKeys extends VerificationKeys {
  /** The longest lifetime of a token that these keys still verify after they stopped signing, in milliseconds. */
  readonly tokenTtlMs: number
  /** The key to sign with at this moment. */
  signer(): SigningKey
  /** The stage of a key, for counting who still uses which. */
  stageOf(kid: string): KeyStage
  /** The public keys, for verifiers elsewhere. */
  jwks(): Jwks
}

/** `published` keys verify but do not sign yet, `retired` keys verify but do not sign any more. */
export type KeyStage = 'published' | 'active' | 'retired' | 'unknown'
