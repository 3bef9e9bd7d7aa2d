import { createHmac, sign } from 'node:crypto'
import { generateSecret, secretRing } from '@wardstone/core'
import { fakeClock } from '@wardstone/testkit'
import { describe, expect, it } from 'vitest'
import { createVerifier, hmacKeys, type VerificationKeys } from '../src/index.ts'
import { AUDIENCE, codeOf, ISSUER } from './kit/service.ts'
import { encoded, headerOf, pairOf, payloadAt, signed, type Pair } from './kit/tokens.ts'

const clock = fakeClock()
const pairs = { RS256: pairOf('RS256'), ES256: pairOf('ES256'), EdDSA: pairOf('EdDSA') }
const payload = payloadAt(clock.now())

const verify = (keys: VerificationKeys, token: string): string =>
  codeOf(createVerifier({ issuer: ISSUER, audience: AUDIENCE, keys, revocation: 'none', now: clock.now }).verify(token))

function macWith(key: string | Uint8Array, header: object): string {
  const input = `${encoded(header)}.${encoded(payload)}`
  return `${input}.${createHmac('sha256', key).update(input).digest('base64url')}`
}

describe.each(Object.values(pairs))('[TOK-16] a verifier with a key for $alg', (pair: Pair) => {
  it.each(['none', 'None', 'NONE', 'nOnE', ''])('refuses alg %j, signed or not', (alg) => {
    const unsigned = `${encoded({ ...headerOf(pair), alg })}.${encoded(payload)}`
    expect(verify(pair.keys, `${unsigned}.`)).toBe('algorithm_mismatch')
    expect(verify(pair.keys, `${unsigned}.AAAA`)).toBe('algorithm_mismatch')
    expect(verify(pair.keys, signed(pair, { ...headerOf(pair), alg }, payload))).toBe('algorithm_mismatch')
  })

  // CVE-2015-9235 and its many children: the public key, in any of its spellings, is no secret.
  const { publicKey } = pair
  const jwk = publicKey.export({ format: 'jwk' })
  it.each<[string, string | Uint8Array]>([
    ['PEM', publicKey.export({ format: 'pem', type: 'spki' })],
    ['PEM without its last line break', publicKey.export({ format: 'pem', type: 'spki' }).toString().trim()],
    ['DER', publicKey.export({ format: 'der', type: 'spki' })],
    ['JWK', JSON.stringify(jwk)],
    ['modulus or point', Buffer.from(jwk.n ?? jwk.x ?? '', 'base64url')],
    ['key id', pair.kid],
    ['nothing', ''],
  ])('refuses an HS256 token whose secret is the public key as %s', (_name, key) => {
    expect(verify(pair.keys, macWith(key, { ...headerOf(pair), alg: 'HS256' }))).toBe('algorithm_mismatch')
    expect(verify(pair.keys, macWith(key, headerOf(pair)))).toBe('bad_signature')
  })

  it.each(Object.values(pairs).filter((other) => other !== pair))('refuses a token of $alg under its kid', (other) => {
    expect(verify(pair.keys, signed(other, { ...headerOf(other), kid: pair.kid }, payload))).toBe('algorithm_mismatch')
    expect(verify(pair.keys, signed(other, headerOf(pair), payload))).toBe('bad_signature')
  })

  it('refuses the signature of another key of the same kind', () => {
    if (pair.alg === 'RS256') return // one RSA key a file; the signature of another length and of another message follow
    expect(verify(pair.keys, signed(pairOf(pair.alg), headerOf(pair), payload))).toBe('bad_signature')
  })

  it('refuses its own signature over something else', () => {
    const [header, , signature] = signed(pair, headerOf(pair), payload).split('.')
    expect(verify(pair.keys, `${header}.${encoded({ ...payload, sub: 'ada' })}.${signature}`)).toBe('bad_signature')
  })

  it.each([0, 1, 31, 32, 63, 65, 96, 255, 257, 512])('refuses a signature of %i zero bytes', (length) => {
    const input = `${encoded(headerOf(pair))}.${encoded(payload)}`
    expect(verify(pair.keys, `${input}.${Buffer.alloc(length).toString('base64url')}`)).toBe('bad_signature')
  })
})

it('[TOK-16] refuses the all-zero signature of ES256 (CVE-2022-21449)', () => {
  const input = `${encoded(headerOf(pairs.ES256))}.${encoded(payload)}`
  expect(verify(pairs.ES256.keys, `${input}.${Buffer.alloc(64).toString('base64url')}`)).toBe('bad_signature')
})

it('[TOK-16] refuses an ES256 signature in DER, which is another spelling of it', () => {
  const { privateKey, keys } = pairs.ES256
  const input = `${encoded(headerOf(pairs.ES256))}.${encoded(payload)}`
  expect(verify(keys, `${input}.${sign('sha256', Buffer.from(input), privateKey).toString('base64url')}`)).toBe('bad_signature')
})

it.each([
  ['PS256', 'sha256', 32],
  ['RS384', 'sha384', undefined],
  ['RS512', 'sha512', undefined],
])('[TOK-16] refuses %s by the same RSA key', (alg, hash, saltLength) => {
  const { privateKey, keys } = pairs.RS256
  const input = `${encoded({ ...headerOf(pairs.RS256), alg })}.${encoded(payload)}`
  const key = saltLength === undefined ? privateKey : { key: privateKey, padding: 6, saltLength }
  expect(verify(keys, `${input}.${sign(hash, Buffer.from(input), key).toString('base64url')}`)).toBe('algorithm_mismatch')
})

describe('[TOK-16] a verifier with a ring of secrets', () => {
  const secret = generateSecret()
  const keys = hmacKeys(secretRing({ current: secret }))
  const header = { alg: 'HS256', kid: secret.kid, typ: 'at+jwt' }

  it('accepts its own', () => {
    expect(verify(keys, macWith(secret.bytes(), header))).toBe('ok')
  })

  it('refuses other hashes by the same secret, and none', () => {
    const input = `${encoded({ ...header, alg: 'HS512' })}.${encoded(payload)}`
    const mac = createHmac('sha512', secret.bytes()).update(input).digest('base64url')
    expect(verify(keys, `${input}.${mac}`)).toBe('algorithm_mismatch')
    expect(verify(keys, macWith(secret.bytes(), { ...header, alg: 'none' }))).toBe('algorithm_mismatch')
  })

  it('refuses a truncated or lengthened MAC', () => {
    const [head, body, mac = ''] = macWith(secret.bytes(), header).split('.')
    const bytes = Buffer.from(mac, 'base64url')
    for (const other of [bytes.subarray(0, 16), bytes.subarray(0, 31), Buffer.concat([bytes, Buffer.from([0])])]) {
      expect(verify(keys, `${head}.${body}.${other.toString('base64url')}`)).toBe('bad_signature')
    }
  })

  it('refuses an empty secret (CVE-2026-44351) and the name of the key', () => {
    expect(verify(keys, macWith('', header))).toBe('bad_signature')
    expect(verify(keys, macWith(secret.kid, header))).toBe('bad_signature')
    expect(verify(keys, macWith('', { ...header, kid: 'nobody' }))).toBe('unknown_key')
  })
})
