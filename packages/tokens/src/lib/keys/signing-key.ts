import { CompactSign } from 'jose'
import type { KeyObject } from 'node:crypto'
import type { Algorithm } from './verification-key.ts'

/** The key that new tokens are signed with. */
export interface SigningKey {
  readonly kid: string
  readonly alg: Algorithm
  /** Signs a JSON payload into a compact JWS. */
  sign(payload: object, typ: string): Promise<string>
}

const encoder = new TextEncoder()

/** A private or secret key that signs with one algorithm. */
export function signingKey(kid: string, alg: Algorithm, key: KeyObject): SigningKey {
  return {
    kid,
    alg,
    sign: (payload, typ) =>
      new CompactSign(encoder.encode(JSON.stringify(payload))).setProtectedHeader({ alg, kid, typ }).sign(key),
  }
}
