import { fakeClock } from '@wardstone/testkit'
import { describe, expect, it } from 'vitest'
import { createVerifier, memoryStore } from '../src/index.ts'
import { accepted, AUDIENCE, codeOf, ISSUER, kit, outcomeOf, renew, signIn, type Claims } from './kit/service.ts'

// What is remembered of a revocation, and for how long: too short and the dead come back, too long and the living are refused.
describe('after everything of an account was revoked', () => {
  it('[TOK-9] [TOK-10] a new session is good, however long nothing else happens', async () => {
    const { tokens, clock } = kit()
    await signIn(tokens)
    await tokens.revokeAll('ana')
    for (let hour = 0; hour < 5; hour++) {
      clock.advance('1h')
      await signIn(tokens, 'somebody else') // the store forgets a little at every sign-in
      const session = await signIn(tokens)
      expect(codeOf(tokens.verifyNow(session.accessToken))).toBe('ok')
    }
  })

  it('[TOK-4] [TOK-10] so is one after the claims changed', async () => {
    const { tokens, clock } = kit()
    await signIn(tokens)
    await tokens.refreshClaims('ana')
    clock.advance('8d')
    for (let i = 0; i < 20; i++) await signIn(tokens, `sub ${i}`)
    const session = await signIn(tokens)
    expect(codeOf(tokens.verifyNow(session.accessToken))).toBe('ok')
  })

  it('[TOK-10] also for a verifier that would remember longer than the store does', async () => {
    const { tokens, clock, keys, store } = kit()
    const options = { issuer: ISSUER, audience: AUDIENCE, keys, revocation: store.revocations, now: clock.now }
    const verifier = createVerifier<Claims>(options)
    const old = await signIn(tokens)
    await tokens.revokeAll('ana')
    expect(codeOf(verifier.verify(old.accessToken))).toBe('session_ended')
    clock.advance('2h')
    for (let i = 0; i < 20; i++) await signIn(tokens, `sub ${i}`)
    const session = await signIn(tokens)
    expect(codeOf(verifier.verify(session.accessToken))).toBe('ok')
  })

  it('[TOK-13] a subject without sessions is forgotten, so that the store does not grow for ever', async () => {
    const { tokens, clock, store } = kit()
    for (let i = 0; i < 200; i++) {
      await signIn(tokens, `sub ${i}`)
      await tokens.revokeAll(`sub ${i}`)
    }
    expect(await tokens.epoch('sub 7')).toBeGreaterThan(0)
    clock.advance('40d')
    for (let i = 0; i < 400; i++) await signIn(tokens, 'ana')
    expect(await Promise.all(Array.from({ length: 200 }, (_, i) => tokens.epoch(`sub ${i}`)))).toEqual(Array<number>(200).fill(0))
    expect(store.lossy).toBe(false)
  })
})

describe('while claims are being loaded', () => {
  /** A service whose loader waits for the test. */
  function slow() {
    const gates: (() => void)[] = []
    const state = { slow: false }
    const k = kit({
      claims: async ({ sub }) => {
        if (state.slow) await new Promise<void>((open) => gates.push(open))
        return { username: sub }
      },
    })
    return { ...k, state, release: () => gates.splice(0).forEach((open) => open()) }
  }

  it('[TOK-3] [TOK-12] a session that ends meanwhile gets no tokens that would replace its successor’s', async () => {
    const { tokens, clock, state, release } = slow()
    const session = await signIn(tokens)
    clock.advance('1m')
    state.slow = true
    const late = tokens.refresh(session.refreshToken)
    await new Promise(setImmediate)
    await tokens.revoke({ refreshToken: session.refreshToken })
    release()
    expect(await late).toEqual({ ok: false, code: 'revoked', retryable: false })
  })

  it.each(['30s', '2m', '35m'] as const)('[TOK-10] no access token outlives a logout, also if they take %s', async (time) => {
    const { tokens, clock, keys, state, release } = slow()
    const bystander = createVerifier<Claims>({ issuer: ISSUER, audience: AUDIENCE, keys, revocation: 'none', now: clock.now })
    const session = await signIn(tokens)
    clock.advance('1m')
    state.slow = true
    const late = tokens.refresh(session.refreshToken)
    await new Promise(setImmediate)
    const began = clock.now()
    clock.advance(time)
    release()
    const { accessToken, expiresAt } = accepted(await late)
    expect(expiresAt).toBeLessThanOrEqual(began + 15 * 60_000)
    clock.advance('15m')
    clock.advance('5s')
    expect(codeOf(bystander.verify(accessToken))).toBe('expired')
  })
})

it('[TOK-5] a refresh token of one issuer is none of another’s over the same store and ring', async () => {
  const shop = kit()
  const { clock, ring, store, keys } = shop
  const admin = kit({ issuer: 'https://admin.example', clock, ring, store, keys })
  const session = await signIn(shop.tokens)
  expect(outcomeOf(await admin.tokens.refresh(session.refreshToken))).toBe('malformed')
  expect(await admin.tokens.revoke({ refreshToken: session.refreshToken })).toBe(false)
  expect(outcomeOf(await shop.tokens.refresh(session.refreshToken))).toBe('repeated')
})

it('[TOK-9] sessions that are over leave before one that is alive', async () => {
  const clock = fakeClock()
  const { tokens } = kit({ clock, store: memoryStore(), maxSessions: 2, refresh: { idle: '29d', absolute: '30d' } })
  let first = await signIn(tokens)
  clock.advance('28d')
  const second = await signIn(tokens)
  clock.advance('1m')
  first = { ...first, ...(await renew(tokens, first)) } // used last, and over in two days
  clock.advance('2d')
  expect((await tokens.list('ana')).map(({ sid }) => sid)).toEqual([second.sid])
  await signIn(tokens)
  expect(codeOf(await tokens.refresh(second.refreshToken))).toBe('ok')
})

it('[TOK-3] a thief who keeps step in one generation of four is found', async () => {
  const { tokens, clock } = kit({ refresh: { idle: '29d' } })
  let owner = (await signIn(tokens)).refreshToken
  let found = false
  let generations = 0
  const confirm = (accessToken: string) => void tokens.verifyNow(accessToken)
  for (; generations < 200 && !found; generations++) {
    const inStep = generations % 4 === 3
    clock.advance('10m')
    const thief = await tokens.refresh(owner)
    clock.advance(inStep ? '10s' : '9m')
    const renewed = await tokens.refresh(owner)
    if (!thief.ok || !renewed.ok) found = true
    else {
      confirm(renewed.accessToken)
      owner = renewed.refreshToken
    }
  }
  expect(found).toBe(true)
  expect(generations).toBeLessThan(12)
})
