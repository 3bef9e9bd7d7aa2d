import { InvalidArgumentError } from '@wardstone/core'
import { describe, expect, it } from 'vitest'
import { createVerifier, type Verified } from '../src/index.ts'
import { AUDIENCE, ISSUER, kit, renew, signIn, verified, type Claims } from './kit/service.ts'

async function watching() {
  const k = kit()
  const session = await signIn(k.tokens)
  const told: string[] = []
  const stop = k.tokens.onEnd(verified(k.tokens, session), () => told.push('ended'))
  return { ...k, session, told, stop }
}

describe('onEnd', () => {
  it.each<[string, (w: Awaited<ReturnType<typeof watching>>) => Promise<unknown>]>([
    ['that session', ({ tokens, session }) => tokens.revoke(session)],
    ['all sessions of the account', ({ tokens }) => tokens.revokeAll('ana')],
    ['everyone’s', ({ tokens }) => tokens.revokeEveryone()],
    ['all others', ({ tokens }) => tokens.revokeOthers({ sub: 'ana', sid: 'another' })],
  ])('[TOK-9] calls back once when somebody ends %s', async (_name, end) => {
    const w = await watching()
    await end(w)
    expect(w.told).toEqual(['ended'])
    await end(w)
    await w.tokens.revokeEveryone()
    expect(w.told).toEqual(['ended'])
  })

  it('[TOK-3] [TOK-9] calls back when reuse ends the session', async () => {
    const { tokens, clock, session, told } = await watching()
    clock.advance('1m')
    const second = await renew(tokens, session)
    clock.advance('1m')
    await renew(tokens, second)
    clock.advance('1m')
    await tokens.refresh(session.refreshToken)
    expect(told).toEqual(['ended'])
  })

  it('[TOK-9] stays silent for other sessions, other accounts, and claims that changed', async () => {
    const { tokens, told } = await watching()
    await tokens.revoke(await signIn(tokens))
    await signIn(tokens, 'ben')
    await tokens.revokeAll('ben')
    await tokens.refreshClaims('ana')
    expect(told).toEqual([])
  })

  it('[TOK-9] stays silent once nobody waits, and stopping twice is fine', async () => {
    const { tokens, session, told, stop } = await watching()
    stop()
    stop()
    await tokens.revoke(session)
    stop()
    expect(told).toEqual([])
  })

  it('[TOK-9] calls back at once when the session is over already', async () => {
    const { tokens, session } = await watching()
    const before = verified(tokens, session)
    await tokens.revokeAll('ana')
    let told = 0
    const stop = tokens.onEnd(before, () => told++)
    expect(told).toBe(1)
    stop()
  })

  it('[TOK-9] calls every listener, whatever one of them does', async () => {
    const { tokens, session } = await watching()
    const token = verified(tokens, session)
    const told: number[] = []
    tokens.onEnd(token, () => {
      throw new Error('stream already closed')
    })
    const stop = tokens.onEnd(token, () => told.push(1))
    tokens.onEnd(token, () => {
      stop()
      tokens.onEnd(token, () => told.push(2)) // over already: told at once
    })
    await tokens.revoke(session)
    expect(told).toEqual([1, 2])
  })

  it('[TOK-9] one of many thousand is found without asking the others', async () => {
    const k = kit()
    const sessions = []
    for (let i = 0; i < 300; i++) sessions.push(await signIn(k.tokens, `user ${i}`))
    const told: number[] = []
    sessions.forEach((session, i) => k.tokens.onEnd(verified(k.tokens, session), () => told.push(i)))
    await k.tokens.revoke(sessions[123] as (typeof sessions)[0])
    await k.tokens.revokeAll('user 7')
    expect(told).toEqual([123, 7])
    await k.tokens.revokeEveryone()
    expect(told).toHaveLength(300)
  })

  it('[TOK-9] takes the result of verify() and nothing that looks like it', async () => {
    const { tokens, session } = await watching()
    const real = verified(tokens, session)
    for (const fake of [{ ...real }, {}, null, 'x', JSON.parse(JSON.stringify(real))]) {
      expect(() => tokens.onEnd(fake as Verified<Claims>, () => {})).toThrow(InvalidArgumentError)
      await expect(tokens.confirm(fake as Verified<Claims>)).rejects.toThrow(InvalidArgumentError)
    }
  })

  it("[TOK-10] never calls back where revocation is 'none': a token is good until it expires", async () => {
    const { tokens, keys, clock } = kit({ revocation: 'none' })
    const session = await signIn(tokens)
    const elsewhere = createVerifier<Claims>({ issuer: ISSUER, audience: AUDIENCE, keys, revocation: 'none', now: clock.now })
    let told = 0
    tokens.onEnd(verified(tokens, session), () => told++)
    elsewhere.onEnd(verified(elsewhere, session), () => told++)
    await tokens.revokeAll('ana')
    expect([verified(tokens, session).sid, verified(elsewhere, session).sid, told]).toEqual([session.sid, session.sid, 0])
    clock.advance('15m')
    clock.advance('5s')
    expect(tokens.verifyNow(session.accessToken)).toMatchObject({ code: 'expired' })
  })
})
