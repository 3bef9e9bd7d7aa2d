import { createHmac, generateKeyPairSync, sign, timingSafeEqual, verify as verifySignature, type KeyObject } from 'node:crypto'
import { createVerifier } from '@wardstone/tokens'
import { createVerifier as createFastJwtVerifier } from 'fast-jwt'
import { jwtVerify, type CryptoKey } from 'jose'
import jsonwebtoken from 'jsonwebtoken'
import { freshStrings } from './fresh.ts'
import type { Contestant } from './race.ts'
import { AUDIENCE, ISSUER, type Material } from './token-material.ts'

/** How many verifications are on the way at once, for those that answer later. */
const IN_FLIGHT = 64

/** Everybody verifies the same tokens, which they have never seen, and checks the same claims. */
export function coldContestants(material: Material): readonly Contestant[] {
  const { alg } = material
  const peers = alg === 'EdDSA' ? [] : [jsonwebtokenOf(material, alg)]
  return [raw(material), wardstone(material), jose(material, IN_FLIGHT), jose(material, 1), fastJwt(material), ...peers]
}

/** Everybody has seen the tokens, and is given new copies of their texts. */
export function warmContestants(material: Material, passes: number): readonly Contestant[] {
  const order = Array.from({ length: passes }, () => material.tokens).flat()
  const repeated = { ...material, tokens: order }
  return [wardstone(repeated, material), fastJwt(repeated, 'hashed'), fastJwt(repeated, 'whole')]
}

function wardstone({ tokens, keys }: Material, seen?: Material): Contestant {
  const fresh = freshStrings(tokens.map((token) => token.text))
  const make = () => createVerifier({ issuer: ISSUER, audience: AUDIENCE, keys, revocation: 'none', cacheSize: 2 * CACHE })
  let verifier = make()
  for (const { text } of seen?.tokens ?? []) verifier.verify(text)
  let texts: string[] = []
  return {
    name: 'wardstone',
    prepare() {
      if (seen === undefined) verifier = make()
      texts = fresh()
    },
    run() {
      for (const text of texts) if (!verifier.verify(text).ok) refused()
      return texts.length
    },
  }
}

/** Holds all tokens of a race. */
const CACHE = 10_000

/** Its fastest way: the key at hand as a CryptoKey, nothing to look up. */
function jose({ alg, tokens, keyObjects }: Material, inFlight: number): Contestant {
  const keys = keyObjects.map((key) => key.toCryptoKey(WEB_CRYPTO[alg], true, ['verify']) as CryptoKey)
  const options = { issuer: ISSUER, audience: AUDIENCE, typ: 'at+jwt', algorithms: [alg] }
  const fresh = freshStrings(tokens.map((token) => token.text))
  let texts: string[] = []
  return {
    name: inFlight === 1 ? 'jose, one at a time' : `jose, ${inFlight} at once`,
    prepare: () => void (texts = fresh()),
    async run() {
      let next = 0
      const lane = async (): Promise<void> => {
        while (next < texts.length) {
          const i = next++
          await jwtVerify(texts[i] as string, keys[tokens[i]?.key ?? 0] as CryptoKey, options)
        }
      }
      await Promise.all(Array.from({ length: inFlight }, lane))
      return texts.length
    },
  }
}

const WEB_CRYPTO = {
  RS256: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
  ES256: { name: 'ECDSA', namedCurve: 'P-256' },
  EdDSA: { name: 'Ed25519' },
  HS256: { name: 'HMAC', hash: 'SHA-256' },
}

/** `hashed`: its cache as it comes, keyed by a hash of the token. `whole`: by the token itself, which it warns of. */
function fastJwt({ alg, tokens, keyObjects }: Material, cache?: 'hashed' | 'whole'): Contestant {
  const name = { none: 'fast-jwt', hashed: 'fast-jwt cached', whole: 'fast-jwt cached, own key builder' }[cache ?? 'none']
  const verifiers = keyObjects.map((key) =>
    createFastJwtVerifier({
      key: key.type === 'secret' ? key.export() : key.export({ type: 'spki', format: 'pem' }),
      algorithms: [alg],
      allowedIss: ISSUER,
      allowedAud: AUDIENCE,
      checkTyp: 'at+jwt',
      requiredClaims: ['iss', 'aud', 'exp', 'sub'],
      ...(cache === undefined ? {} : { cache: CACHE }),
      ...(cache === 'whole' ? { cacheKeyBuilder: (token: string) => token } : {}),
    }),
  ) as ((token: string) => unknown)[]
  const fresh = freshStrings(tokens.map((token) => token.text))
  let texts: string[] = []
  return {
    name,
    prepare: () => void (texts = fresh()),
    run() {
      for (let i = 0; i < texts.length; i++) verifiers[tokens[i]?.key ?? 0]?.(texts[i] as string)
      return texts.length
    },
  }
}

function jsonwebtokenOf({ tokens, keyObjects }: Material, alg: 'RS256' | 'ES256' | 'HS256'): Contestant {
  const options = { algorithms: [alg], issuer: ISSUER, audience: AUDIENCE } as const
  const fresh = freshStrings(tokens.map((token) => token.text))
  let texts: string[] = []
  return {
    name: 'jsonwebtoken (no typ)',
    prepare: () => void (texts = fresh()),
    run() {
      for (let i = 0; i < texts.length; i++)
        jsonwebtoken.verify(texts[i] as string, keyObjects[tokens[i]?.key ?? 0] as KeyObject, options)
      return texts.length
    },
  }
}

/** The signature alone, on bytes that lie ready, in the form that is quickest for Node. */
function raw({ alg, tokens, keyObjects }: Material): Contestant {
  const own = alg === 'ES256' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : undefined
  const parts = tokens.map(({ text, key }) => {
    const end = text.lastIndexOf('.')
    const signed = Buffer.from(text.slice(0, end))
    if (own !== undefined) return { signed, signature: sign('sha256', signed, own.privateKey), key: own.publicKey }
    return { signed, signature: Buffer.from(text.slice(end + 1), 'base64url'), key: keyObjects[key] as KeyObject }
  })
  return {
    name: 'node:crypto, signature only',
    run() {
      for (const { signed, signature, key } of parts) if (!isValid(alg, signed, signature, key)) refused()
      return parts.length
    },
  }
}

function isValid(alg: Material['alg'], signed: Buffer, signature: Buffer, key: KeyObject): boolean {
  if (alg === 'HS256') return timingSafeEqual(createHmac('sha256', key).update(signed).digest(), signature)
  return verifySignature(alg === 'EdDSA' ? null : 'sha256', signed, key, signature)
}

function refused(): never {
  throw new Error('a good token was refused')
}
