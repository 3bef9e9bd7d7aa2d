import { CompactSign } from 'jose'
import { createHmac, type KeyObject } from 'node:crypto'
import type { Algorithm, AsymmetricAlgorithm } from './verification-key.ts'

/** The key that new tokens are signed with. */
export interface SigningKey {
  readonly kid: string
  readonly alg: Algorithm
  /** Signs a JSON payload into a compact JWS. */
  sign(payload: object, typ: string): Promise<string>
}

const encoder = new TextEncoder()

/** A private key that signs with one algorithm. The work is done by other threads: with RSA it takes most of a millisecond. */
export function signingKey(kid: string, alg: AsymmetricAlgorithm, key: KeyObject): SigningKey {
  return {
    kid,
    alg,
    sign: (payload, typ) =>
      new CompactSign(encoder.encode(JSON.stringify(payload))).setProtectedHeader({ alg, kid, typ }).sign(key),
  }
}

/** A secret key that signs with HS256, at once: the way to another thread and back takes twenty times as long as that. */
export function hmacSigningKey(kid: string, key: KeyObject): SigningKey {
  return {
    kid,
    alg: 'HS256',
    sign: async (payload, typ) => {
      const signed = `${encode({ alg: 'HS256', kid, typ })}.${encode(payload)}`
      return `${signed}.${createHmac('sha256', key).update(signed).digest('base64url')}`
    },
  }
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
