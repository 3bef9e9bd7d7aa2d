import { fakeClock } from '@wardstone/testkit'
import { describe, expect, it } from 'vitest'
import { createVerifier } from '../src/index.ts'
import { AUDIENCE, codeOf, ISSUER } from './kit/service.ts'
import { encoded, headerOf, pairOf, payloadAt, signed } from './kit/tokens.ts'

const clock = fakeClock()
const pair = pairOf('ES256')
const verifier = createVerifier({ issuer: ISSUER, audience: AUDIENCE, keys: pair.keys, revocation: 'none', now: clock.now })
const header = headerOf(pair)
const payload = payloadAt(clock.now())
const now = clock.now() / 1000
const verify = (token: string): string => codeOf(verifier.verify(token))

const without = (name: string): object => Object.fromEntries(Object.entries(payload).filter(([key]) => key !== name))

it('accepts the token that all of these differ from in one thing', () => {
  expect(verify(signed(pair, header, payload))).toBe('ok')
})

describe('[TOK-16] a token that is signed well is refused for its payload', () => {
  it.each<[string, string, object]>([
    ['another issuer', 'wrong_issuer', { iss: 'https://evil.example' }],
    ['an issuer that differs by a slash', 'wrong_issuer', { iss: `${ISSUER}/` }],
    ['another audience', 'wrong_audience', { aud: 'https://other.example' }],
    ['an audience that only begins like ours', 'wrong_audience', { aud: `${AUDIENCE}.evil.example` }],
    ['a list of audiences, which we never write', 'claims_invalid', { aud: [AUDIENCE] }],
    ['expiry reached, skew included', 'expired', { iat: now - 905, exp: now - 5 }],
    ['made in the future, beyond the skew', 'not_yet_valid', { iat: now + 6, exp: now + 906 }],
    ['a lifetime of more than a day', 'lifetime_too_long', { exp: now + 86_401 }],
    ['no end', 'claims_invalid', { exp: null }],
    ['an end without end', 'claims_invalid', { exp: 'Infinity' }],
    ['a negative end', 'claims_invalid', { exp: -1 }],
    ['nbf, which we never write', 'claims_invalid', { nbf: now }],
    ['an empty subject', 'claims_invalid', { sub: '' }],
    ['a subject that is no text', 'claims_invalid', { sub: 42 }],
    ['a generation that is no number', 'claims_invalid', { gen: '0' }],
  ])('%s', (_name, code, change) => {
    expect(verify(signed(pair, header, { ...payload, ...change }))).toBe(code)
  })

  it.each(['iss', 'aud', 'sub', 'iat', 'exp', 'jti', 'sid', 'gen', 'epo', 'cep', 'auth_time'])('%s missing', (name) => {
    expect(verify(signed(pair, header, without(name)))).toBe('claims_invalid')
  })

  it.each(['not json', '[]', '"text"', 'null', '7', '', '\ufeff{}', '{"iss":'])('payload %j', (text) => {
    expect(verify(signed(pair, header, text))).toBe('claims_invalid')
  })

  it('and accepted to the last moment of the skew on both sides', () => {
    expect(verify(signed(pair, header, { ...payload, iat: now - 904, exp: now - 4 }))).toBe('ok')
    expect(verify(signed(pair, header, { ...payload, iat: now + 5, exp: now + 905 }))).toBe('ok')
    expect(verify(signed(pair, header, { ...payload, exp: now + 86_400 }))).toBe('ok')
  })
})

describe('[TOK-16] a token that is signed well is refused for its header', () => {
  it.each<[string, string, object]>([
    ['no type', 'wrong_type', { typ: undefined }],
    ['the type of an id token', 'wrong_type', { typ: 'JWT' }],
    ['the type of a logout token', 'wrong_type', { typ: 'logout+jwt' }],
    ['an unknown key', 'unknown_key', { kid: 'nobody' }],
    ['no key', 'unknown_key', { kid: undefined }],
    ['a key id with a path in it', 'unknown_key', { kid: '../../dev/null' }],
    ['a key id with a line break', 'malformed', { kid: 'a\nb' }],
    ['an empty key id', 'malformed', { kid: '' }],
    ['a key id that is a number', 'malformed', { kid: 7 }],
    ['a key id that is too long', 'malformed', { kid: 'k'.repeat(129) }],
    ['a key of its own', 'unsupported_header', { jwk: pair.publicKey.export({ format: 'jwk' }) }],
    ['the address of a key set', 'unsupported_header', { jku: 'https://evil.example/jwks.json' }],
    ['the address of a certificate', 'unsupported_header', { x5u: 'https://evil.example/cert' }],
    ['a certificate', 'unsupported_header', { x5c: ['MIIB'] }],
    ['a critical extension', 'unsupported_header', { crit: ['exp'] }],
    ['an empty list of critical extensions', 'unsupported_header', { crit: [] }],
    ['an unencoded payload', 'unsupported_header', { b64: false }],
    ['compression', 'unsupported_header', { zip: 'DEF' }],
    ['a forbidden member even if it says nothing', 'unsupported_header', { jwk: null }],
    ['no algorithm', 'malformed', { alg: undefined }],
    ['an algorithm that is no text', 'malformed', { alg: ['ES256'] }],
    ['a type that is no text', 'malformed', { typ: 7 }],
  ])('%s', (_name, code, change) => {
    expect(verify(signed(pair, { ...header, ...change }, payload))).toBe(code)
  })

  it.each(['[]', 'null', '"ES256"', '{', '{"alg":"ES256"}{}', 'ES256'])('header %s', (text) => {
    expect(verify(signed(pair, text, payload))).toBe('malformed')
  })

  it('and accepted with the long form of the type, and with members that mean nothing here', () => {
    expect(verify(signed(pair, { ...header, typ: 'application/at+jwt' }, payload))).toBe('ok')
    expect(verify(signed(pair, { ...header, cty: 'json', note: 'x' }, payload))).toBe('ok')
  })
})

describe('[TOK-16] what is no token at all', () => {
  it.each([
    '',
    '.',
    '..',
    'a.b',
    'a.b.c',
    'a.b.c.d',
    'null',
    'Bearer x.y.z',
    '\u0000',
    '💥.💥.💥',
    `${encoded({ alg: 'ES256' })}.`,
    `..${encoded({ alg: 'ES256' })}`,
    'a'.repeat(1_000_000),
    `${'.'.repeat(1_000_000)}`,
  ])('%.20s', (text) => {
    expect(verify(text)).toBe('malformed')
  })

  it.each([undefined, null, 7, {}, [], new String('a.b.c'), Symbol.iterator])('a value that is no text', (value) => {
    expect(verify(value as unknown as string)).toBe('malformed')
  })

  it('a good token that is longer than 8 KiB', () => {
    const fill = (length: number): string => signed(pair, header, { ...payload, fill: 'x'.repeat(length) })
    expect(fill(5_400).length).toBeLessThan(8_192)
    expect(verify(fill(5_400))).toBe('ok')
    expect(fill(6_200).length).toBeGreaterThan(8_192)
    expect(verify(fill(6_200))).toBe('malformed')
  })
})

it('[TOK-16] [TOK-17] counts every refusal by its code', () => {
  const own = createVerifier({ issuer: ISSUER, audience: AUDIENCE, keys: pair.keys, revocation: 'none', now: clock.now })
  const good = signed(pair, header, payload)
  for (const token of ['x', 'x', signed(pair, { ...header, kid: 'nobody' }, payload), good, good]) own.verify(token)
  expect(own.stats()).toEqual({ staleness: 0, verified: { [pair.kid]: 2 }, refused: { malformed: 2, unknown_key: 1 } })
})
