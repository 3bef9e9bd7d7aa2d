import { createPublicKey, createSecretKey, generateKeyPairSync, randomBytes, webcrypto } from 'node:crypto'
import { ConfigurationError, generateSecret, secretRing } from '@wardstone/core'
import { fakeClock } from '@wardstone/testkit'
import type { JSONWebKeySet, JWK } from 'jose'
import { describe, expect, it } from 'vitest'
import { createKeySet, createVerifier, hmacKeys, jwksKeys, type KeyInput } from '../src/index.ts'
import { verificationKey, type AsymmetricAlgorithm } from '../src/lib/keys/verification-key.ts'
import { AUDIENCE, codeOf, ISSUER, kit, signIn, verified } from './kit/service.ts'
import { headerOf, pairOf, payloadAt, signed } from './kit/tokens.ts'

const rsa = pairOf('RS256')
const ec = pairOf('ES256')
const ed = pairOf('EdDSA')
const jwkOf = (key: { export(options: { format: 'jwk' }): webcrypto.JsonWebKey }): JWK => key.export({ format: 'jwk' }) as JWK
const small = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey
const pss = generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).publicKey
const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey
const k256 = generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey
const ed448 = generateKeyPairSync('ed448').publicKey
const x25519 = generateKeyPairSync('x25519').publicKey
const oaep = (await webcrypto.subtle.generateKey(
  { name: 'RSA-OAEP', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-256' },
  true,
  ['encrypt', 'decrypt'],
)) as webcrypto.CryptoKeyPair
const dsa = (await webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, [
  'sign',
  'verify',
])) as webcrypto.CryptoKeyPair

const unfit: [string, unknown, AsymmetricAlgorithm][] = [
  ['an RSA key of 1024 bits', small, 'RS256'],
  ['an RSA key for PSS only', pss, 'RS256'],
  ['a P-384 key', p384, 'ES256'],
  ['a secp256k1 key', k256, 'ES256'],
  ['an Ed448 key', ed448, 'EdDSA'],
  ['an X25519 key', x25519, 'EdDSA'],
  ['an RSA key for ES256', rsa.publicKey, 'ES256'],
  ['an EC key for RS256', ec.publicKey, 'RS256'],
  ['an Ed25519 key for ES256', ed.publicKey, 'ES256'],
  ['a secret key', createSecretKey(randomBytes(64)), 'RS256'],
  ['a secret as JWK', { kty: 'oct', k: 'AAAA' }, 'RS256'],
  ['a JWK for encryption', { ...jwkOf(rsa.publicKey), use: 'enc' }, 'RS256'],
  ['a JWK for wrapping keys', { ...jwkOf(ec.publicKey), key_ops: ['deriveKey'] }, 'ES256'],
  ['a JWK of another algorithm', { ...jwkOf(rsa.publicKey), alg: 'PS256' }, 'RS256'],
  ['a JWK with half a point', { kty: 'EC', crv: 'P-256', x: 'AAAA' }, 'ES256'],
  ['a point that is not on the curve', { ...jwkOf(ec.publicKey), x: Buffer.alloc(32, 1).toString('base64url') }, 'ES256'],
  ['a CryptoKey for encryption', oaep.publicKey, 'RS256'],
  ['PEM text', rsa.publicKey.export({ format: 'pem', type: 'spki' }), 'RS256'],
  ['JWK text', JSON.stringify(jwkOf(ec.publicKey)), 'ES256'],
  ['bytes', randomBytes(32), 'EdDSA'],
  ['an empty object', {}, 'RS256'],
  ['nothing', null, 'RS256'],
]

describe('verificationKey', () => {
  it.each(unfit)('[TOK-16] refuses %s', (_name, key, alg) => {
    expect(() => verificationKey(key as KeyInput, alg)).toThrow(ConfigurationError)
  })

  it.each<[string, KeyInput, AsymmetricAlgorithm]>([
    ['a KeyObject', ed.publicKey, 'EdDSA'],
    ['a private KeyObject', ec.privateKey, 'ES256'],
    ['a CryptoKey', dsa.publicKey, 'ES256'],
    ['a JWK', jwkOf(rsa.publicKey), 'RS256'],
    ['a JWK that says what it is for', { ...jwkOf(ec.publicKey), use: 'sig', alg: 'ES256', key_ops: ['verify'] }, 'ES256'],
  ])('[TOK-16] takes %s and publishes nothing private of it', (_name, key, alg) => {
    const { jwk } = verificationKey(key, alg)
    for (const member of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k']) expect(jwk).not.toHaveProperty(member)
  })
})

describe('createKeySet({ initial })', () => {
  it.each(unfit)('[TOK-16] does not start with %s', (_name, key, algorithm) => {
    expect(() => createKeySet({ algorithm, initial: key as KeyInput })).toThrow(ConfigurationError)
  })

  it.each<[string, unknown, AsymmetricAlgorithm]>([
    ['a public KeyObject', ec.publicKey, 'ES256'],
    ['a public JWK', jwkOf(ed.publicKey), 'EdDSA'],
    ['a public CryptoKey', dsa.publicKey, 'ES256'],
    ['a private key for encryption', { ...jwkOf(rsa.privateKey), use: 'enc' }, 'RS256'],
    ['a private CryptoKey for encryption', oaep.privateKey, 'RS256'],
    ['a broken private key', { ...jwkOf(ed.privateKey), d: 'not-a-key-but-SECRET' }, 'EdDSA'],
    ['PEM text of a private key', ec.privateKey.export({ format: 'pem', type: 'pkcs8' }), 'ES256'],
  ])('[TOK-16] does not start with %s, and does not repeat it', (_name, key, algorithm) => {
    const error = thrownBy(() => createKeySet({ algorithm, initial: key as KeyInput }))
    expect(error).toBeInstanceOf(ConfigurationError)
    expect(String(error)).not.toContain('SECRET')
  })

  it.each<[string, KeyInput, AsymmetricAlgorithm]>([
    ['a KeyObject', ed.privateKey, 'EdDSA'],
    ['a JWK', jwkOf(rsa.privateKey), 'RS256'],
    ['a CryptoKey', dsa.privateKey, 'ES256'],
  ])('[TOK-6] signs with %s, whose kid is its thumbprint', async (_name, initial, algorithm) => {
    const clock = fakeClock()
    const keys = createKeySet({ algorithm, initial, now: clock.now })
    const { tokens } = kit({ clock, keys })
    expect(verified(tokens, await signIn(tokens)).principal.id).toBe('ana')
    expect(keys.signer().kid).toBe(verificationKey(initial, algorithm).kid)
  })

  it('[TOK-6] does not rotate by itself: processes that share the key would each make another one', async () => {
    const clock = fakeClock()
    const options = { algorithm: 'EdDSA', initial: ed.privateKey, now: clock.now } as const
    const [shared, own] = [createKeySet(options), createKeySet({ ...options, rotateEvery: '90d' })]
    for (let day = 0; day < 200; day++) {
      clock.advance('1d')
      for (const keys of [shared, own]) keys.signer()
      await Promise.all([shared.tick(), own.tick()])
    }
    expect(shared.signer().kid).toBe(verificationKey(ed.privateKey, 'EdDSA').kid)
    expect(own.signer().kid).not.toBe(shared.signer().kid)
  })
})

describe('jwksKeys', () => {
  const good = { ...jwkOf(ec.publicKey), kid: ec.kid, alg: 'ES256', use: 'sig' }

  it.each<[string, unknown]>([
    ['no document', undefined],
    ['no list', { keys: {} }],
    ['a symmetric key', { keys: [{ kty: 'oct', kid: 'a', alg: 'HS256', k: 'AAAA' }] }],
    ['a private key', { keys: [{ ...jwkOf(ec.privateKey), kid: 'a', alg: 'ES256' }] }],
    ['a key without kid', { keys: [{ ...good, kid: undefined }] }],
    ['a kid that stands there twice', { keys: [good, { ...jwkOf(ed.publicKey), kid: ec.kid, alg: 'EdDSA' }] }],
    ['a key that is none', { keys: [null] }],
    ['a key whose alg does not fit', { keys: [{ ...good, alg: 'RS256' }] }],
    ['an RSA key of 1024 bits', { keys: [{ ...jwkOf(small), kid: 'a', alg: 'RS256' }] }],
    ['too many keys', { keys: Array.from({ length: 101 }, (_, i) => ({ ...good, kid: `k${i}` })) }],
  ])('[TOK-5] refuses a document with %s', (_name, document) => {
    expect(() => jwksKeys(document as JSONWebKeySet)).toThrow(ConfigurationError)
  })

  it('[TOK-5] leaves out keys for other uses and algorithms', () => {
    const keys = jwksKeys({
      keys: [
        good,
        { ...jwkOf(rsa.publicKey), kid: 'enc', alg: 'RS256', use: 'enc' },
        { ...jwkOf(p384), kid: 'p384', alg: 'ES384' },
        { ...jwkOf(ed.publicKey), kid: 'silent' },
      ],
    })
    expect([ec.kid, 'enc', 'p384', 'silent'].map((kid) => keys.candidates(kid).length)).toEqual([1, 0, 0, 0])
    expect(keys.candidates(undefined)).toEqual([])
  })

  it('[TOK-5] several keys verify at once, an unknown one never; a new document takes over, a bad one does not', () => {
    const clock = fakeClock()
    const keys = jwksKeys({ keys: [good, { ...jwkOf(ed.publicKey), kid: ed.kid, alg: 'EdDSA' }] })
    const verifier = createVerifier({ issuer: ISSUER, audience: AUDIENCE, keys, revocation: 'none', now: clock.now })
    const tokens = [ec, ed, rsa].map((pair) => signed(pair, headerOf(pair), payloadAt(clock.now())))
    const verify = (): string[] => tokens.map((token) => codeOf(verifier.verify(token)))
    expect(verify()).toEqual(['ok', 'ok', 'unknown_key'])
    keys.replace({ keys: [good, { ...jwkOf(rsa.publicKey), kid: rsa.kid, alg: 'RS256' }] })
    expect(verify()).toEqual(['ok', 'unknown_key', 'ok'])
    expect(() => keys.replace({ keys: [{ kty: 'oct' }] })).toThrow(ConfigurationError)
    expect(verify()).toEqual(['ok', 'unknown_key', 'ok'])
  })

  it('[TOK-5] a key that takes over the id of another does not take over its tokens', () => {
    const clock = fakeClock()
    const other = pairOf('ES256')
    const keys = jwksKeys({ keys: [{ ...good, kid: 'main' }] })
    const verifier = createVerifier({ issuer: ISSUER, audience: AUDIENCE, keys, revocation: 'none', now: clock.now })
    const old = signed(ec, { ...headerOf(ec), kid: 'main' }, payloadAt(clock.now()))
    expect([codeOf(verifier.verify(old)), codeOf(verifier.verify(old))]).toEqual(['ok', 'ok'])
    keys.replace({ keys: [{ ...jwkOf(other.publicKey), kid: 'main', alg: 'ES256' }] })
    expect(codeOf(verifier.verify(old))).toBe('bad_signature')
  })
})

describe('hmacKeys', () => {
  it.each(['a text', undefined, {}, Buffer.alloc(64)])('[TOK-7] takes a ring and nothing else', (ring) => {
    expect(() => hmacKeys(ring as never)).toThrow(ConfigurationError)
  })

  it('[TOK-7] refuses options that it does not know', () => {
    const ring = secretRing({ current: generateSecret() })
    expect(() => hmacKeys(ring, { allowMissingKId: true } as never)).toThrow(/did you mean allowMissingKid/)
    expect(() => hmacKeys(ring, { allowMissingKid: 'yes' } as never)).toThrow(ConfigurationError)
  })
})

function thrownBy(run: () => unknown): unknown {
  try {
    return run()
  } catch (error) {
    return error
  }
}

it('the public half that tests sign for is not the private one', () => {
  expect(createPublicKey(ec.privateKey).equals(ec.publicKey)).toBe(true)
})
