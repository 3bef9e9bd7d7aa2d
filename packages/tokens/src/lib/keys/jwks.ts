import { createHash } from 'node:crypto'
import { ConfigurationError } from '@wardstone/core'
import type { JSONWebKeySet, JWK } from 'jose'
import { verificationKey, type AsymmetricAlgorithm, type VerificationKey, type VerificationKeys } from './verification-key.ts'

/** A JSON Web Key Set, ready to be served. */
export interface Jwks {
  /** JSON text. */
  readonly body: string
  /** A strong validator of `body`, quoted. */
  readonly etag: string
  readonly cacheControl: string
}

/** Writes the document that verifiers fetch: public keys, each with `kid`, `alg` and `use`. */
export function writeJwks(keys: readonly JWK[], maxAgeMs: number): Jwks {
  const body = JSON.stringify({ keys })
  return {
    body,
    etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`,
    cacheControl: `public, max-age=${Math.floor(maxAgeMs / 1000)}`,
  }
}

/** Verification keys out of a key set document, which may be exchanged while serving. */
export interface JwksKeys extends VerificationKeys {
  /**
   * Takes a new document in place of the old one.
   *
   * @throws {@link ConfigurationError} `invalid_options`; the old keys stay.
   */
  replace(document: JSONWebKeySet): void
}

const ALGORITHMS: ReadonlySet<string> = new Set<AsymmetricAlgorithm>(['RS256', 'ES256', 'EdDSA'])

/**
 * Verification keys for a service that only verifies, from the document that the issuer publishes. Keys for other uses
 * and algorithms are left out; symmetric keys and an id that stands there twice are refused.
 *
 * @throws {@link ConfigurationError} `invalid_options`
 * @see {@link https://www.rfc-editor.org/rfc/rfc7517#section-5 | RFC 7517 section 5}
 *
 * @example
 * ```ts
 * import { createKeySet, createVerifier, jwksKeys } from '@wardstone/tokens'
 *
 * const document = JSON.parse(createKeySet({ algorithm: 'ES256' }).jwks().body)
 * export const verifier = createVerifier({
 *   issuer: 'https://id.example',
 *   audience: 'https://api.example',
 *   keys: jwksKeys(document),
 *   revocation: 'none',
 * })
 * ```
 */
export function jwksKeys(document: JSONWebKeySet): JwksKeys {
  let byKid = read(document)
  let version = 0
  return {
    get version() {
      return version
    },
    candidates: (kid) => (kid === undefined ? NONE : (byKid.get(kid) ?? NONE)),
    replace(next) {
      byKid = read(next)
      version++
    },
  }
}

const NONE: readonly VerificationKey[] = []

function read(document: JSONWebKeySet): ReadonlyMap<string, readonly VerificationKey[]> {
  const refuse = (expected: string): never => {
    throw new ConfigurationError('jwksKeys', [{ option: 'keys', expected }])
  }
  const byKid = new Map<string, readonly VerificationKey[]>()
  if (!Array.isArray(document?.keys) || document.keys.length > 100) refuse('expected a key set document with at most 100 keys')
  for (const jwk of document.keys) {
    if (typeof jwk !== 'object' || jwk === null) refuse('expected every key to be a JWK')
    if (jwk.kty === 'oct' || jwk.d !== undefined)
      refuse('expected public keys; a symmetric or private key in a published document is a leak')
    if (jwk.use === 'enc' || !ALGORITHMS.has(jwk.alg ?? '')) continue
    if (typeof jwk.kid !== 'string') refuse('expected every key to have a kid')
    const key = verificationKey(jwk, jwk.alg as AsymmetricAlgorithm, jwk.kid)
    if (byKid.has(key.kid)) refuse('expected every kid once')
    byKid.set(key.kid, [key])
  }
  return byKid
}
