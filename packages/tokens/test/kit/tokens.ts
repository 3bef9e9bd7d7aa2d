import { createPublicKey, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto'
import { verificationKey, type AsymmetricAlgorithm, type VerificationKeys } from '../../src/lib/keys/verification-key.ts'
import { AUDIENCE, ISSUER } from './service.ts'

/** A key pair that a test holds both halves of, so that it can sign what the service never would. */
export interface Pair {
  readonly alg: AsymmetricAlgorithm
  readonly kid: string
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
  /** The pair as the keys of a verifier. */
  readonly keys: VerificationKeys
}

/** Makes a pair. RS256 is slow to make: one a file. */
export function pairOf(alg: AsymmetricAlgorithm): Pair {
  const { privateKey } =
    alg === 'RS256'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : alg === 'ES256'
        ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
        : generateKeyPairSync('ed25519')
  const key = verificationKey(privateKey, alg)
  const keys = { version: 0, candidates: (kid: string | undefined) => (kid === key.kid ? [key] : []) }
  return { alg, kid: key.kid, privateKey, publicKey: createPublicKey(privateKey), keys }
}

/** base64url of JSON, or of a text as it is. */
export function encoded(value: object | string): string {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')
}

/** The header and payload of a token, nothing verified. */
export function opened(token: string): { readonly header: Record<string, unknown>; readonly payload: Record<string, unknown> } {
  const [header = '', payload = ''] = token.split('.')
  const read = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>
  return { header: read(header), payload: read(payload) }
}

/** Signs whatever it is told to, with its own few lines and no library. */
export function signed(pair: Pair, header: object | string, payload: object | string): string {
  const input = `${encoded(header)}.${encoded(payload)}`
  const key = pair.alg === 'ES256' ? ({ key: pair.privateKey, dsaEncoding: 'ieee-p1363' } as const) : pair.privateKey
  return `${input}.${sign(pair.alg === 'EdDSA' ? null : 'sha256', Buffer.from(input), key).toString('base64url')}`
}

/** The header of a good token. */
export function headerOf(pair: Pair): { alg: string; kid: string; typ: string } {
  return { alg: pair.alg, kid: pair.kid, typ: 'at+jwt' }
}

/** The payload of a good token, made at `now` milliseconds for a quarter of an hour. */
export function payloadAt(now: number): Record<string, unknown> {
  const iat = Math.floor(now / 1000)
  return {
    iss: ISSUER,
    aud: AUDIENCE,
    sub: 'ana',
    iat,
    exp: iat + 900,
    jti: randomBytes(16).toString('base64url'),
    sid: randomBytes(16).toString('base64url'),
    gen: 0,
    epo: 0,
    cep: 0,
    auth_time: iat,
    username: 'user ana',
  }
}
