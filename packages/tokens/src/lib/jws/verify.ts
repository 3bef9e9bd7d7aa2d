import type { VerificationKey, VerificationKeys } from '../keys/verification-key.ts'
import { parseCompact } from './compact.ts'

/**
 * Why a signed text was not believed.
 *
 * - `malformed`: It is no compact JWS, or longer than one may be.
 * - `unsupported_header`: Its header asks for something that is never done, such as to use a key that it brings along.
 * - `unknown_key`: No key has its `kid`: the key is retired, or has not reached this process yet.
 * - `algorithm_mismatch`: Its `alg` is not the one that the key is for.
 * - `bad_signature`: The key did not sign it.
 */
export type SignatureRefusal = 'malformed' | 'unsupported_header' | 'unknown_key' | 'algorithm_mismatch' | 'bad_signature'

/** A text whose signature was verified. */
export interface SignedText {
  readonly key: VerificationKey
  readonly typ: string | undefined
  /** Still base64url. */
  readonly payload: string
}

/**
 * Verifies a compact JWS: strict parsing, the key by its id, the algorithm by the key, then the signature.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc8725 | RFC 8725}
 */
export function verifyCompact(token: string, keys: VerificationKeys): SignedText | SignatureRefusal {
  const jws = parseCompact(token)
  if (typeof jws === 'string') return jws
  const candidates = keys.candidates(jws.header.kid)
  if (candidates.length === 0) return 'unknown_key'
  const fitting = candidates.filter((key) => key.alg === jws.header.alg)
  if (fitting.length === 0) return 'algorithm_mismatch'
  const key = fitting.find((candidate) => candidate.verify(jws.signed, jws.signature))
  return key === undefined ? 'bad_signature' : { key, typ: jws.header.typ, payload: jws.payload }
}
