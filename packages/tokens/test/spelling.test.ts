import { fakeClock } from '@wardstone/testkit'
import { generateSecret, secretRing } from '@wardstone/core'
import fc from 'fast-check'
import { createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createVerifier, hmacKeys } from '../src/index.ts'
import { AUDIENCE, codeOf, ISSUER } from './kit/service.ts'
import { encoded, headerOf, pairOf, payloadAt, signed } from './kit/tokens.ts'

const clock = fakeClock()
const pair = pairOf('EdDSA')
const secret = generateSecret()
const rsa = pairOf('RS256')
const ec = pairOf('ES256')
const payload = payloadAt(clock.now())

const options = { issuer: ISSUER, audience: AUDIENCE, revocation: 'none', now: clock.now } as const
const macInput = `${encoded({ alg: 'HS256', kid: secret.kid, typ: 'at+jwt' })}.${encoded(payload)}`
const cases = [
  { alg: 'EdDSA', keys: pair.keys, token: signed(pair, headerOf(pair), payload) },
  { alg: 'ES256', keys: ec.keys, token: signed(ec, headerOf(ec), payload) },
  { alg: 'RS256', keys: rsa.keys, token: signed(rsa, headerOf(rsa), payload) },
  {
    alg: 'HS256',
    keys: hmacKeys(secretRing({ current: secret })),
    token: `${macInput}.${createHmac('sha256', secret.bytes()).update(macInput).digest('base64url')}`,
  },
]
const [first] = cases as [(typeof cases)[0]]
const verifier = createVerifier({ ...options, keys: first.keys })
const verify = (token: string): string => codeOf(verifier.verify(token))
const [head = '', body = '', signature = ''] = first.token.split('.')
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

describe('[TOK-16] one token has one spelling', () => {
  it.each([
    ['padding', `${first.token}=`],
    ['more padding', `${first.token}==`],
    ['padding of the header', `${head}=.${body}.${signature}`],
    ['padding of the payload', `${head}.${body}=.${signature}`],
    ['a space at the end', `${first.token} `],
    ['a space at the start', ` ${first.token}`],
    ['a line break at the end', `${first.token}\n`],
    ['a line break within', `${head}.${body.slice(0, 9)}\n${body.slice(9)}.${signature}`],
    ['a tab within the signature', `${head}.${body}.${signature.slice(0, 9)}\t${signature.slice(9)}`],
    ['the other alphabet', `${head}.${body}.${signature.slice(0, -2)}+/`],
    ['a dot more', `${first.token}.`],
    ['an empty part before', `.${first.token}`],
    ['a null byte', `${first.token}\u0000`],
    ['percent encoding', first.token.replace('.', '%2E')],
  ])('%s', (_name, token) => {
    expect(verify(first.token)).toBe('ok')
    expect(verify(token)).toBe('malformed')
  })

  it.each(cases)('unused bits at the end of the signature of $alg', ({ keys, token }) => {
    const own = createVerifier({ ...options, keys })
    expect(codeOf(own.verify(token))).toBe('ok')
    const last = ALPHABET.indexOf(token.at(-1) as string)
    const others = [1, 2, 3].map((bits) => token.slice(0, -1) + ALPHABET.charAt(last ^ bits))
    for (const other of others) {
      expect(Buffer.from(other.split('.')[2] ?? '', 'base64url')).toEqual(Buffer.from(token.split('.')[2] ?? '', 'base64url'))
      expect(codeOf(own.verify(other))).toBe('malformed')
    }
  })

  it('JSON of the same meaning is another token', () => {
    const spaced = encoded(`${JSON.stringify(headerOf(pair))} `)
    expect(verify(`${spaced}.${body}.${signature}`)).toBe('bad_signature')
  })
})

describe('[TOK-16] whatever is sent', () => {
  it.each(cases)('changing any one character of a token of $alg is refused', ({ keys, token }) => {
    const own = createVerifier({ ...options, keys, cacheSize: 100 })
    expect(codeOf(own.verify(token))).toBe('ok')
    for (let at = 0; at < token.length; at++) {
      for (const character of ['.', '=', ALPHABET.charAt((ALPHABET.indexOf(token.charAt(at)) + 1) % 64)]) {
        if (character === token.charAt(at)) continue
        const other = token.slice(0, at) + character + token.slice(at + 1)
        if (own.verify(other).ok) expect.unreachable(`accepted with ${character} at ${at}`)
      }
    }
    expect(codeOf(own.verify(token))).toBe('ok')
  })

  it('any text is refused and none throws', () => {
    const part = fc.string({ unit: fc.constantFrom(...ALPHABET.split('')), maxLength: 60 })
    const texts = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc.tuple(part, part, part).map((parts) => parts.join('.')),
      fc.tuple(fc.json(), fc.json()).map(([a, b]) => `${encoded(a)}.${encoded(b)}.AAAA`),
    )
    fc.assert(
      fc.property(texts, (text) => !verifier.verify(text).ok),
      { numRuns: 500, seed: 1 },
    )
  })

  it('cutting, doubling, swapping and inserting are refused and do not throw', () => {
    const at = fc.nat({ max: first.token.length - 1 })
    const changed = fc.oneof(
      at.map((i) => first.token.slice(0, i)),
      at.map((i) => first.token.slice(i + 1)),
      fc
        .tuple(at, fc.string({ unit: 'binary', minLength: 1, maxLength: 3 }))
        .map(([i, s]) => first.token.slice(0, i) + s + first.token.slice(i)),
      fc.tuple(at, at).map(([i, j]) => first.token.slice(0, i) + first.token.slice(Math.min(i, j), j) + first.token.slice(i)),
    )
    fc.assert(
      fc.property(changed, (text) => text === first.token || !verifier.verify(text).ok),
      { numRuns: 1_000, seed: 2 },
    )
  })

  it('any signed header and payload is judged, never thrown at', () => {
    const odd = fc.dictionary(
      fc.constantFrom('alg', 'kid', 'typ', 'crit', 'jwk', '__proto__', 'x'),
      fc.jsonValue({ maxDepth: 1 }),
    )
    const change = fc.dictionary(
      fc.constantFrom('iss', 'aud', 'exp', 'iat', 'sub', 'sid', 'gen', 'epo', 'roles', 'tenant', '__proto__', 'constructor'),
      fc.jsonValue({ maxDepth: 2 }),
    )
    fc.assert(
      fc.property(fc.option(odd, { nil: {} }), change, (header, members) => {
        const result = verifier.verify(signed(pair, { ...headerOf(pair), ...header }, { ...payload, ...members }))
        return result.ok || result.code.length > 0
      }),
      { numRuns: 400, seed: 3 },
    )
  })
})
