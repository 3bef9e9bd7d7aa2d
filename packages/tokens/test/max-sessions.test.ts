import { describe, expect, it } from 'vitest'
import { namespaceOf, shardOf } from '../src/lib/refresh/wire.ts'
import { codeOf, ISSUER, kit, renew, signIn } from './kit/service.ts'

describe('the maximum of sessions', () => {
  it('[TOK-9] makes the least recently used leave for a new one, and says so', async () => {
    const { tokens, clock, events } = kit({ maxSessions: 3 })
    const sessions = [await signIn(tokens), await signIn(tokens), await signIn(tokens)]
    clock.advance('1m')
    await renew(tokens, sessions[0] as (typeof sessions)[0])
    const fourth = await signIn(tokens)
    const live = (await tokens.list('ana')).map(({ sid }) => sid)
    expect(live).toEqual([fourth.sid, sessions[0]?.sid, sessions[2]?.sid])
    expect(codeOf(tokens.verifyNow(sessions[1]?.accessToken ?? ''))).toBe('session_ended')
    expect(codeOf(await tokens.refresh(sessions[1]?.refreshToken ?? ''))).toBe('evicted')
    expect(events.find((event) => event.name === 'authn_token_revoked')).toMatchObject({
      subject: 'ana',
      sid: sessions[1]?.sid,
      data: { scope: 'session', reason: 'evicted', sids: [sessions[1]?.sid] },
    })
    expect(events.findLast((event) => event.name === 'session_created')).toMatchObject({ data: { sessions: 3 } })
  })

  it('[TOK-9] counts live sessions only, and each account for itself', async () => {
    const { tokens, clock } = kit({ maxSessions: 2 })
    const old = await signIn(tokens)
    clock.advance('6d')
    const kept = await signIn(tokens)
    clock.advance('1d') // the first one is over by itself
    await signIn(tokens, 'ben')
    const latest = await signIn(tokens)
    expect((await tokens.list('ana')).map(({ sid }) => sid)).toEqual([latest.sid, kept.sid])
    expect(codeOf(await tokens.refresh(old.refreshToken))).toBe('expired_idle')
    expect(await tokens.list('ben')).toHaveLength(1)
  })

  it('[TOK-9] of one is single sign-on in the strict sense', async () => {
    const { tokens } = kit({ maxSessions: 1 })
    const [first, second] = [await signIn(tokens), await signIn(tokens)]
    expect([first, second].map(({ accessToken }) => codeOf(tokens.verifyNow(accessToken)))).toEqual(['session_ended', 'ok'])
  })

  it('[TOK-9] holds through 100,000 sign-ins of one account', async () => {
    const { store } = kit() // the store alone: signatures would be most of it
    const create = (i: number) =>
      store.create({
        sid: `s${i}`,
        shard: 'one',
        sub: 'ana',
        secretHash: Buffer.alloc(32),
        kid: 'k',
        authTime: undefined,
        expectedEpoch: undefined,
        client: {},
      })
    for (let i = 0; i < 100_000; i++) await create(i)
    const live = await store.list('one')
    expect([live.length, live[0]?.sid, live[49]?.sid]).toEqual([50, 's99999', 's99950'])
  })

  it('[TOK-9] of 100,000 works: sign in, list, refresh, end others', async () => {
    const { store, tokens } = kit({ maxSessions: 100_000 })
    const client = {}
    const session = await signIn(tokens)
    const shard = shardOf(namespaceOf(ISSUER), 'ana')
    for (let i = 1; i < 100_000; i++) {
      await store.create({
        sid: `s${i}`,
        shard,
        sub: 'ana',
        secretHash: Buffer.alloc(32),
        kid: 'k',
        authTime: undefined,
        expectedEpoch: undefined,
        client,
      })
    }
    expect(await tokens.list('ana')).toHaveLength(100_000)
    expect((await renew(tokens, session)).kind).toBe('repeated')
    expect(await tokens.revokeOthers({ sub: 'ana', sid: session.sid })).toBe(99_999)
    expect(await tokens.list('ana')).toHaveLength(1)
  })
})
