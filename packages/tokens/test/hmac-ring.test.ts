import { ConfigurationError, generateSecret, secret, secretRing } from '@wardstone/core'
import { SignJWT } from 'jose'
import { describe, expect, it } from 'vitest'
import { hmacKeys } from '../src/index.ts'
import { codeOf, kit, renew, signIn, verified } from './kit/service.ts'
import { opened, payloadAt } from './kit/tokens.ts'

const [a, b, c] = [generateSecret(), generateSecret(), generateSecret()] as const

function setUp(options: { allowMissingKid?: boolean } = {}) {
  const jwtRing = secretRing({ current: a, next: b, previous: c })
  return { ...kit({ keys: hmacKeys(jwtRing, options) }), jwtRing }
}

/** A token of ours, signed by jose with any bytes under any kid. */
function forge(now: number, bytes: Uint8Array, kid?: string): Promise<string> {
  return new SignJWT(payloadAt(now)).setProtectedHeader({ alg: 'HS256', typ: 'at+jwt', ...(kid && { kid }) }).sign(bytes)
}

describe('a ring of secrets', () => {
  it('[TOK-7] signs with the current secret and accepts next and previous ones', async () => {
    const { tokens, clock } = setUp()
    expect(opened((await signIn(tokens)).accessToken).header).toMatchObject({ alg: 'HS256', kid: a.kid })
    for (const each of [a, b, c]) expect(codeOf(tokens.verifyNow(await forge(clock.now(), each.bytes(), each.kid)))).toBe('ok')
    const stranger = generateSecret()
    expect(codeOf(tokens.verifyNow(await forge(clock.now(), stranger.bytes(), stranger.kid)))).toBe('unknown_key')
    expect(codeOf(tokens.verifyNow(await forge(clock.now(), stranger.bytes(), a.kid)))).toBe('bad_signature')
    expect(codeOf(tokens.verifyNow(await forge(clock.now(), a.bytes(), b.kid)))).toBe('bad_signature')
  })

  it('[TOK-7] tries tokens without a kid only when it was told to, and only against the ring', async () => {
    const strict = setUp()
    const lenient = setUp({ allowMissingKid: true })
    for (const each of [a, b, c]) {
      const kidless = await forge(strict.clock.now(), each.bytes())
      expect([codeOf(strict.tokens.verifyNow(kidless)), codeOf(lenient.tokens.verifyNow(kidless))]).toEqual(['unknown_key', 'ok'])
    }
    const stranger = await forge(lenient.clock.now(), generateSecret().bytes())
    expect(codeOf(lenient.tokens.verifyNow(stranger))).toBe('bad_signature')
  })

  it('[TOK-7] a rotation logs nobody out while the previous secret is kept', async () => {
    const { tokens, jwtRing } = setUp()
    const before = await signIn(tokens)
    verified(tokens, before)
    jwtRing.replace({ current: b, previous: a })
    expect(verified(tokens, before).principal.id).toBe('ana')
    const after = await signIn(tokens)
    expect(opened(after.accessToken).header['kid']).toBe(b.kid)
    expect(verified(tokens, after).principal.id).toBe('ana')
    expect(tokens.stats().keys).toEqual({ [a.kid]: { stage: 'retired', verified: 2 }, [b.kid]: { stage: 'active', verified: 1 } })
  })

  it('[TOK-7] a rotation without the previous secret is a hard cut, for remembered tokens too', async () => {
    const { tokens, jwtRing } = setUp()
    const before = await signIn(tokens)
    verified(tokens, before)
    verified(tokens, before)
    jwtRing.replace({ current: b })
    expect(codeOf(tokens.verifyNow(before.accessToken))).toBe('unknown_key')
    expect(verified(tokens, await renew(tokens, before)).principal.id).toBe('ana') // the session itself goes on
  })

  it('[TOK-7] a hard cut holds even when the new secret has the name of the old one', async () => {
    const named = (bytes: Uint8Array) => secret(bytes, { kid: 'jwt' })
    const ring = secretRing({ current: named(a.bytes()) })
    const { tokens } = kit({ keys: hmacKeys(ring) })
    const before = await signIn(tokens)
    verified(tokens, before)
    verified(tokens, before)
    ring.replace({ current: named(b.bytes()) })
    expect(codeOf(tokens.verifyNow(before.accessToken))).toBe('bad_signature')
  })

  it.each([
    ['too short', 'c2hvcnQ'],
    ['31 bytes', Buffer.alloc(31, 'x7Qz').toString('base64url')],
    ['all the same', Buffer.alloc(64, 1).toString('base64url')],
    ['a text of tutorials', Buffer.from('your-256-bit-secret-your-256-bit-secret').toString('base64url')],
  ])('[TOK-7] takes no secret that is %s', (_name, text) => {
    expect(() => secret(text)).toThrow(ConfigurationError)
  })
})

describe('the ring of refresh tokens', () => {
  it('[TOK-7] rotates without a logout while the previous secret is kept', async () => {
    const { tokens, ring, clock } = kit()
    const old = ring.current()
    const session = await signIn(tokens)
    ring.replace({ current: b, previous: old })
    expect((await renew(tokens, session)).refreshToken).toBe(session.refreshToken) // repeated: signed as it was
    clock.advance('1m')
    const rotated = await renew(tokens, session)
    expect(rotated.kind).toBe('rotated')
    ring.replace({ current: b })
    clock.advance('1m')
    expect((await renew(tokens, rotated)).kind).toBe('rotated') // signed by the new secret already
  })

  it('[TOK-7] a token of the secret to come is accepted before it is used', async () => {
    const clockwise = kit({ ring: secretRing({ current: a, next: b }) })
    const ahead = kit({
      ring: secretRing({ current: b, previous: a }),
      clock: clockwise.clock,
      store: clockwise.store,
      keys: clockwise.keys,
    })
    const session = await signIn(ahead.tokens)
    clockwise.clock.advance('1m')
    expect((await renew(clockwise.tokens, session)).kind).toBe('rotated')
  })

  it('[TOK-7] a secret that this process does not know is its own fault: try again, and keep the cookie', async () => {
    const { tokens, ring } = kit()
    const session = await signIn(tokens)
    ring.replace({ current: b })
    expect(await tokens.refresh(session.refreshToken)).toEqual({ ok: false, code: 'refresh_key_unknown', retryable: true })
  })
})
