import { createHash, createHmac, createPublicKey, createSecretKey, KeyObject, timingSafeEqual, verify } from 'node:crypto'
import type { webcrypto } from 'node:crypto'
import { ConfigurationError, type Secret } from '@wardstone/core'
import type { JWK } from 'jose'
import { derSignature } from './ecdsa.ts'

/** Signature algorithms with a key pair, by their JOSE names. `EdDSA` is Ed25519. */
export type AsymmetricAlgorithm = 'RS256' | 'ES256' | 'EdDSA'

/** Every algorithm that Wardstone signs access tokens with. */
export type Algorithm = AsymmetricAlgorithm | 'HS256'

/** A key as an object; never a text, which could be taken for a key of another kind. */
export type KeyInput = KeyObject | webcrypto.CryptoKey | JWK

/**
 * A key that verifies signatures of one algorithm: its own. What the token says about its algorithm is only compared.
 */
export interface VerificationKey {
  readonly kid: string
  readonly alg: Algorithm
  /** Whether `signature` over `signed` (ASCII) is this key's. */
  verify(signed: string, signature: Uint8Array): boolean
}

/** Where verification keys come from. */
export interface VerificationKeys {
  /** Grows whenever a key goes away: what was verified before has to be looked at again. */
  readonly version: number
  /** The keys that may have signed a token with this `kid`: one, or none; several only for a ring that allows no `kid`. */
  candidates(kid: string | undefined): readonly VerificationKey[]
}

const KINDS: Readonly<Record<AsymmetricAlgorithm, string>> = { RS256: 'rsa', ES256: 'ec', EdDSA: 'ed25519' }

/**
 * Reads the public half of a key pair and fixes its algorithm.
 *
 * @throws {@link ConfigurationError} `invalid_options` when the key is of another kind, too small, or not meant for signatures.
 */
export function verificationKey(
  input: KeyInput,
  alg: AsymmetricAlgorithm,
  kid?: string,
): VerificationKey & { readonly jwk: JWK } {
  const key = publicKeyOf(input, alg)
  const members = key.export({ format: 'jwk' }) as JWK // of a public key: the required members and no others
  const id = kid ?? thumbprint(members)
  return {
    kid: id,
    alg,
    jwk: { ...members, kid: id, alg, use: 'sig' },
    verify: verifierOf(key, alg),
  }
}

/** A key of a secret ring, for HS256. */
export function hmacKey(secret: Secret): VerificationKey {
  const key = createSecretKey(secret.bytes())
  return {
    kid: secret.kid,
    alg: 'HS256',
    verify: (signed, signature) =>
      signature.byteLength === 32 && timingSafeEqual(createHmac('sha256', key).update(signed).digest(), signature),
  }
}

/** A `KeyObject` from whatever a key was given as, checked against its own statements of purpose. */
function keyObjectOf(input: KeyInput): KeyObject | undefined {
  if (input instanceof KeyObject) return input
  if (typeof input !== 'object' || input === null) return undefined
  if (!isJwk(input)) return input.usages.some(isForSignatures) ? KeyObject.from(input) : undefined
  if (input.use !== undefined && input.use !== 'sig') return undefined
  if (input.key_ops !== undefined && !input.key_ops.some(isForSignatures)) return undefined
  return createPublicKey({ key: { ...input }, format: 'jwk' })
}

function isForSignatures(usage: string): boolean {
  return usage === 'verify' || usage === 'sign'
}

/** Whether a key was given as a JSON Web Key. */
export function isJwk(input: KeyInput): input is JWK {
  return !(input instanceof KeyObject) && 'kty' in input
}

/**
 * The id of a public key: the hash of its required members in the one order.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc7638 | RFC 7638}
 */
function thumbprint(jwk: JWK): string {
  const { crv, e, kty, n, x, y } = jwk // alphabetical, as the RFC demands
  return createHash('sha256').update(JSON.stringify({ crv, e, kty, n, x, y })).digest('base64url')
}

function publicKeyOf(input: KeyInput, alg: AsymmetricAlgorithm): KeyObject {
  const refuse = (expected: string): never => {
    throw new ConfigurationError('key', [{ option: 'key', expected }])
  }
  if (typeof input === 'object' && input !== null && isJwk(input) && input.alg !== undefined && input.alg !== alg) {
    refuse(`expected a key for ${alg}; its own alg says otherwise`)
  }
  let key: KeyObject | undefined
  try {
    key = keyObjectOf(input)
  } catch {
    key = undefined // the reason could quote the key
  }
  if (key === undefined || key.type === 'secret')
    return refuse(`expected a KeyObject, CryptoKey or JWK for signatures with ${alg}`)
  if (key.type === 'private') key = createPublicKey(key)
  const { modulusLength = 0, namedCurve } = key.asymmetricKeyDetails ?? {}
  if (key.asymmetricKeyType !== KINDS[alg])
    refuse(`expected a key of type ${KINDS[alg]} for ${alg}, got ${key.asymmetricKeyType}; algorithm says which`)
  if (alg === 'RS256' && modulusLength < 2048) refuse('expected at least 2048 bits (RFC 7518 section 3.3)')
  if (alg === 'ES256' && namedCurve !== 'prime256v1') refuse('expected the curve P-256')
  return key
}

function verifierOf(key: KeyObject, alg: AsymmetricAlgorithm): VerificationKey['verify'] {
  switch (alg) {
    case 'RS256':
      return (signed, signature) => verify('sha256', Buffer.from(signed, 'latin1'), key, signature)
    case 'ES256':
      // Whatever is not exactly 64 bytes never reaches the curve.
      return (signed, signature) =>
        signature.byteLength === 64 && verify('sha256', Buffer.from(signed, 'latin1'), key, derSignature(signature))
    case 'EdDSA':
      return (signed, signature) => signature.byteLength === 64 && verify(null, Buffer.from(signed, 'latin1'), key, signature)
  }
}
