import { InvalidArgumentError } from '@wardstone/core'
import { describe, expect, it } from 'vitest'
import { accepted, codeOf, kit, namesOf, renew, signIn, verified, type Kit } from './kit/service.ts'
import type { Issued, TokenPair } from '../src/index.ts'

const alive = async ({ tokens, clock }: Kit, session: TokenPair): Promise<string> => {
  const access = codeOf(tokens.verifyNow(session.accessToken))
  clock.advance('1m')
  const refresh = codeOf(await tokens.refresh(session.refreshToken))
  clock.rewind('1m')
  return `${access} ${refresh}`
}

describe('a list of sessions', () => {
  it('[TOK-9] names device, address and last use, the latest used first', async () => {
    const { tokens, clock } = kit()
    const start = clock.now()
    const phone = accepted(await tokens.issue({ sub: 'ana' }, { ip: '192.0.2.1', userAgent: 'Phone' }))
    clock.advance('1m')
    const laptop = accepted(await tokens.issue({ sub: 'ana' }, { ip: '192.0.2.2', userAgent: 'Laptop' }))
    await signIn(tokens, 'ben')
    const WEEK = 7 * 86_400_000
    const laptopRow = {
      sid: laptop.sid,
      createdAt: start + 60_000,
      lastUsedAt: start + 60_000,
      expiresAt: start + 60_000 + WEEK,
      ip: '192.0.2.2',
      userAgent: 'Laptop',
    }
    const phoneRow = {
      sid: phone.sid,
      createdAt: start,
      lastUsedAt: start,
      expiresAt: start + WEEK,
      ip: '192.0.2.1',
      userAgent: 'Phone',
    }
    expect(await tokens.list('ana')).toEqual([laptopRow, phoneRow])
    clock.advance('1m')
    await tokens.refresh(phone.refreshToken, { ip: '198.51.100.7' })
    const used = { ...phoneRow, lastUsedAt: clock.now(), expiresAt: clock.now() + WEEK, ip: '198.51.100.7' }
    expect(await tokens.list('ana')).toEqual([used, laptopRow])
    expect(await tokens.list('nobody')).toEqual([])
  })

  it('[TOK-9] shows live sessions only', async () => {
    const { tokens, clock } = kit()
    const [out, idle] = [await signIn(tokens), await signIn(tokens)]
    await tokens.revoke(out)
    expect((await tokens.list('ana')).map(({ sid }) => sid)).toEqual([idle.sid])
    clock.advance('7d')
    expect(await tokens.list('ana')).toEqual([])
  })
})

describe('ending', () => {
  async function three(): Promise<{ k: Kit; one: Issued; two: Issued; three: Issued; ben: Issued }> {
    const k = kit()
    const { tokens } = k
    return {
      k,
      one: await signIn(tokens),
      two: await signIn(tokens),
      three: await signIn(tokens),
      ben: await signIn(tokens, 'ben'),
    }
  }

  it('[TOK-9] this session, by its refresh token: access tokens included, at once', async () => {
    const { k, one, two } = await three()
    verified(k.tokens, one)
    expect(await k.tokens.revoke({ refreshToken: one.refreshToken }, { ip: '192.0.2.1' })).toBe(true)
    expect([await alive(k, one), await alive(k, two)]).toEqual(['session_ended signed_out', 'ok ok'])
    expect(k.events.find((event) => event.name === 'authn_token_revoked')).toMatchObject({
      severity: 'info',
      sid: one.sid,
      client: { ip: '192.0.2.1' },
      data: { scope: 'session', reason: 'signed_out', sids: [one.sid] },
    })
    expect(await k.tokens.revoke({ refreshToken: one.refreshToken })).toBe(false)
  })

  it('[TOK-9] one session of the account, by its id', async () => {
    const { k, one, two, ben } = await three()
    expect(await k.tokens.revoke({ sub: 'ana', sid: two.sid })).toBe(true)
    expect(await k.tokens.revoke({ sub: 'ana', sid: two.sid })).toBe(false)
    expect(await k.tokens.revoke({ sub: 'ana', sid: ben.sid })).toBe(false) // somebody else's
    expect(await k.tokens.revoke({ sub: 'ana', sid: 'nonsense' })).toBe(false)
    expect([await alive(k, one), await alive(k, two), await alive(k, ben)]).toEqual(['ok ok', 'session_ended revoked', 'ok ok'])
  })

  it('[TOK-9] all others', async () => {
    const { k, one, two, three: last, ben } = await three()
    expect(await k.tokens.revokeOthers({ sub: 'ana', sid: two.sid })).toBe(2)
    expect(await k.tokens.revokeOthers({ sub: 'ana', sid: two.sid })).toBe(0)
    const ended = [await alive(k, one), await alive(k, last)]
    expect(ended).toEqual(['session_ended revoked', 'session_ended revoked'])
    expect([await alive(k, two), await alive(k, ben)]).toEqual(['ok ok', 'ok ok'])
    const told = k.events.filter((event) => event.name === 'authn_token_revoked')
    expect(told).toMatchObject([{ subject: 'ana', data: { scope: 'others', sids: [one.sid, last.sid] } }])
  })

  it('[TOK-9] all sessions of an account, and nobody else’s; who signs in again is in', async () => {
    const { k, one, two, ben } = await three()
    await k.tokens.revokeAll('ana')
    expect([await alive(k, one), await alive(k, two)]).toEqual(['session_ended subject_revoked', 'session_ended subject_revoked'])
    expect([await alive(k, ben), await alive(k, await signIn(k.tokens))]).toEqual(['ok ok', 'ok ok'])
    expect(k.events.find((event) => event.name === 'authn_token_revoked')).toMatchObject({
      subject: 'ana',
      data: { scope: 'subject' },
    })
  })

  it('[TOK-9] everyone’s, also of accounts that were revoked before', async () => {
    const { k, one, ben } = await three()
    await k.tokens.revokeAll('cyn')
    await k.tokens.revokeEveryone()
    expect([await alive(k, one), await alive(k, ben)]).toEqual(['session_ended subject_revoked', 'session_ended subject_revoked'])
    expect(k.events.find((event) => event.severity === 'critical')).toMatchObject({
      name: 'authn_token_revoked',
      data: { scope: 'everyone' },
    })
    for (const sub of ['ana', 'ben', 'cyn', 'dora']) expect(await alive(k, await signIn(k.tokens, sub))).toBe('ok ok')
    await k.tokens.revokeEveryone()
    expect(await k.tokens.list('dora')).toEqual([])
  })

  it('[TOK-9] twice within one tick of the clock ends what began in between', async () => {
    const { tokens } = kit()
    await tokens.revokeAll('ana')
    const between = await signIn(tokens)
    await tokens.revokeAll('ana')
    expect(codeOf(tokens.verifyNow(between.accessToken))).toBe('session_ended')
    await tokens.revokeEveryone()
    const again = await signIn(tokens)
    await tokens.revokeEveryone()
    expect(codeOf(tokens.verifyNow(again.accessToken))).toBe('session_ended')
  })

  it('[TOK-9] works while the clock goes back', async () => {
    const k = kit()
    await k.tokens.revokeAll('ana')
    k.clock.rewind('1d')
    const session = await signIn(k.tokens)
    expect(codeOf(k.tokens.verifyNow(session.accessToken))).toBe('ok')
    await k.tokens.revokeAll('ana')
    expect(codeOf(k.tokens.verifyNow(session.accessToken))).toBe('session_ended')
  })
})

describe('epochs', () => {
  it('[TOK-9] a sign-in whose password was checked before a logout everywhere is refused', async () => {
    const { tokens, events } = kit()
    const epoch = await tokens.epoch('ana')
    expect(accepted(await tokens.issue({ sub: 'ana', epoch })).ok).toBe(true)
    await tokens.revokeAll('ana')
    expect(await tokens.issue({ sub: 'ana', epoch })).toEqual({ ok: false, code: 'epoch_moved', retryable: false })
    expect(await tokens.list('ana')).toEqual([])
    expect(codeOf(await tokens.issue({ sub: 'ana', epoch: await tokens.epoch('ana') }))).toBe('ok')
    const stale = await tokens.epoch('ben')
    await tokens.revokeEveryone()
    expect(codeOf(await tokens.issue({ sub: 'ben', epoch: stale }))).toBe('epoch_moved')
    expect(namesOf(events).filter((name) => name === 'session_created')).toHaveLength(2)
  })

  it('[TOK-9] a store that has forgotten an old epoch lets in who checked a password before', async () => {
    const { tokens, clock } = kit()
    const first = await signIn(tokens)
    await tokens.revokeAll('ana')
    const epoch = await tokens.epoch('ana')
    clock.advance('1d')
    for (let i = 0; i < 3; i++) await signIn(tokens, `other ${i}`) // each of which forgets a little
    expect(await tokens.epoch('ana')).toBe(0)
    expect(codeOf(await tokens.issue({ sub: 'ana', epoch }))).toBe('ok')
    expect(codeOf(await tokens.refresh(first.refreshToken))).toBe('unknown_session')
  })

  it('[TOK-4] [TOK-9] refreshClaims makes access tokens stale and leaves sessions alone', async () => {
    const { tokens, clock, events } = kit()
    const [session, ben] = [await signIn(tokens), await signIn(tokens, 'ben')]
    verified(tokens, session)
    await tokens.refreshClaims('ana')
    expect(codeOf(tokens.verifyNow(session.accessToken))).toBe('claims_stale')
    expect(codeOf(tokens.verifyNow(ben.accessToken))).toBe('ok')
    const again = await renew(tokens, session)
    expect([again.kind, codeOf(tokens.verifyNow(again.accessToken))]).toEqual(['repeated', 'ok'])
    expect(events.find((event) => event.name === 'privilege_permissions_changed')).toMatchObject({
      subject: 'ana',
      at: clock.now(),
    })
    await tokens.refreshClaims('ana')
    expect(codeOf(tokens.verifyNow(again.accessToken))).toBe('claims_stale')
    await tokens.revokeAll('ana')
    expect(codeOf(tokens.verifyNow(again.accessToken))).toBe('session_ended')
  })
})

it.each(['', 'x'.repeat(256), undefined, 7, '\ud800', 'ana\udc00'])('[TOK-9] %j is no subject', async (sub) => {
  const { tokens } = kit()
  await expect(tokens.issue({ sub: sub as string })).rejects.toThrow(InvalidArgumentError)
  await expect(tokens.revokeAll(sub as string)).rejects.toThrow(InvalidArgumentError)
  await expect(tokens.list(sub as string)).rejects.toThrow(InvalidArgumentError)
})

it('[TOK-9] subjects of two issuers in one store do not meet', async () => {
  const one = kit()
  const two = kit({ clock: one.clock, store: one.store, issuer: 'https://other.example', keys: one.keys, ring: one.ring })
  const [mine, theirs] = [await signIn(one.tokens), await signIn(two.tokens)]
  expect(await one.tokens.list('ana')).toHaveLength(1)
  await one.tokens.revokeAll('ana')
  expect(codeOf(one.tokens.verifyNow(mine.accessToken))).toBe('session_ended')
  expect(codeOf(two.tokens.verifyNow(theirs.accessToken))).toBe('ok')
  expect(codeOf(one.tokens.verifyNow(theirs.accessToken))).toBe('wrong_issuer')
})

it.each([-1, 1.5, Number.NaN, Date.now() * 1000])('[TOK-1] an authTime of %s is no time in milliseconds', async (authTime) => {
  await expect(kit().tokens.issue({ sub: 'ana', authTime })).rejects.toThrow(InvalidArgumentError)
})
