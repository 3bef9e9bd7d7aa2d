import { describe, expect, it } from 'vitest'
import { createKeySet, createVerifier, type VerificationKeys } from '../src/index.ts'
import { RecentCache } from '../src/lib/access/cache.ts'
import { AUDIENCE, codeOf, ISSUER, kit, signIn, verified, type Kit } from './kit/service.ts'
import { headerOf, pairOf, payloadAt, signed } from './kit/tokens.ts'
import { fakeClock } from '@wardstone/testkit'
import type { Issued, KeySet } from '../src/index.ts'

/** Signed in and verified twice: the second time from memory. */
async function remembered(): Promise<{ k: Kit; keys: KeySet; session: Issued }> {
  const clock = fakeClock()
  const keys = createKeySet({ algorithm: 'EdDSA', now: clock.now })
  const k = kit({ clock, keys })
  const session = await signIn(k.tokens)
  expect(verified(k.tokens, session)).toBe(verified(k.tokens, session))
  return { k, keys, session }
}

describe('a remembered token', () => {
  it('[TOK-16] costs no second signature, and is the same object', () => {
    const pair = pairOf('EdDSA')
    const clock = fakeClock()
    let verifications = 0
    const [key] = pair.keys.candidates(pair.kid)
    const counting = {
      ...key,
      kid: pair.kid,
      alg: pair.alg,
      verify: (s: string, b: Uint8Array) => (verifications++, key?.verify(s, b) ?? false),
    }
    const keys: VerificationKeys = { version: 0, candidates: (kid) => (kid === pair.kid ? [counting] : []) }
    const token = signed(pair, headerOf(pair), payloadAt(clock.now()))
    const options = { issuer: ISSUER, audience: AUDIENCE, keys, revocation: 'none', now: clock.now } as const
    const verifier = createVerifier(options)
    const results = [verifier.verify(token), verifier.verify(token), verifier.verify(token)]
    expect([verifications, new Set(results).size]).toEqual([1, 1])
    const forgetful = createVerifier({ ...options, cacheSize: 0 })
    for (let i = 0; i < 3; i++) forgetful.verify(token)
    expect(verifications).toBe(4)
  })

  it('[TOK-16] expires', async () => {
    const { k, session } = await remembered()
    k.clock.advance('15m')
    expect(codeOf(k.tokens.verifyNow(session.accessToken))).toBe('ok')
    k.clock.advance(4_999)
    expect(codeOf(k.tokens.verifyNow(session.accessToken))).toBe('ok')
    k.clock.advance(1)
    expect(codeOf(k.tokens.verifyNow(session.accessToken))).toBe('expired')
    expect(codeOf(k.tokens.verifyNow(session.accessToken))).toBe('expired')
  })

  it('[TOK-6] [TOK-16] does not outlive its key', async () => {
    const { k, keys, session } = await remembered()
    await keys.rotate()
    expect(codeOf(k.tokens.verifyNow(session.accessToken))).toBe('ok')
    await keys.remove(keys.timeline()[0]?.kid ?? '')
    expect(codeOf(k.tokens.verifyNow(session.accessToken))).toBe('unknown_key')
    expect(codeOf(k.tokens.verifyNow(session.accessToken))).toBe('unknown_key')
    expect(codeOf(k.tokens.verifyNow((await signIn(k.tokens)).accessToken))).toBe('ok')
  })

  it.each<[string, (k: Kit, session: Issued) => Promise<unknown>, string]>([
    ['its session', (k, session) => k.tokens.revoke({ refreshToken: session.refreshToken }), 'session_ended'],
    ['its session, ended by id', (k, { sid }) => k.tokens.revoke({ sub: 'ana', sid }), 'session_ended'],
    ['a logout everywhere', (k) => k.tokens.revokeAll('ana'), 'session_ended'],
    ['a logout of everyone', (k) => k.tokens.revokeEveryone(), 'session_ended'],
    ['its claims', (k) => k.tokens.refreshClaims('ana'), 'claims_stale'],
  ])('[TOK-10] [TOK-16] does not outlive %s', async (_name, end, code) => {
    const { k, session } = await remembered()
    await end(k, session)
    expect([1, 2].map(() => codeOf(k.tokens.verifyNow(session.accessToken)))).toEqual([code, code])
  })

  it('[TOK-16] is the whole token: one of the same start or end is another', async () => {
    const { k, session } = await remembered()
    const [head, body, signature] = session.accessToken.split('.')
    const other = (await signIn(k.tokens, 'ben')).accessToken.split('.')
    expect(codeOf(k.tokens.verifyNow(`${head}.${other[1]}.${signature}`))).toBe('bad_signature')
    expect(codeOf(k.tokens.verifyNow(`${head}.${body}.${other[2]}`))).toBe('bad_signature')
  })

  it('[TOK-16] a refused one is refused again, and never remembered as good', () => {
    const pair = pairOf('EdDSA')
    const clock = fakeClock()
    const verifier = createVerifier({ issuer: ISSUER, audience: AUDIENCE, keys: pair.keys, revocation: 'none', now: clock.now })
    const early = signed(pair, headerOf(pair), payloadAt(clock.now() + 60_000))
    expect([1, 2].map(() => codeOf(verifier.verify(early)))).toEqual(['not_yet_valid', 'not_yet_valid'])
    clock.advance('1m')
    expect(codeOf(verifier.verify(early))).toBe('ok')
  })
})

describe('RecentCache', () => {
  it('keeps what was used lately and never more than twice its size', () => {
    const cache = new RecentCache<number>(10)
    cache.set('used', -1)
    for (let i = 0; i < 1_000; i++) {
      cache.set(`k${i}`, i)
      expect(cache.get('used')).toBe(-1)
    }
    const kept = Array.from({ length: 1_000 }, (_, i) => cache.get(`k${i}`)).filter((value) => value !== undefined)
    expect(kept.length).toBeLessThanOrEqual(20)
    expect(kept).toContain(999)
    cache.delete('used')
    expect(cache.get('used')).toBeUndefined()
  })
})
