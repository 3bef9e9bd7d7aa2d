import type { TokenPair } from '../src/index.ts'
import { describe, expect, it } from 'vitest'
import { codeOf, kit, namesOf, outcomeOf, renew, signIn, verified } from './kit/service.ts'
import { opened } from './kit/tokens.ts'

const MINUTE = 60_000
const DAY = 86_400_000

describe('a refresh', () => {
  it('[TOK-2] gives a new refresh token at each use, at most one in 30 s', async () => {
    const { tokens, clock } = kit()
    const first = await signIn(tokens)
    expect(first.refreshToken).toMatch(/^wrt_[\w-]{83}$/)
    clock.advance(29_999)
    expect(await renew(tokens, first)).toMatchObject({ kind: 'repeated', refreshToken: first.refreshToken, sid: first.sid })
    clock.advance(1)
    const second = await renew(tokens, first)
    expect(second.kind).toBe('rotated')
    expect(second.refreshToken).not.toBe(first.refreshToken)
    clock.advance(29_999)
    expect(await renew(tokens, second)).toMatchObject({ kind: 'repeated', refreshToken: second.refreshToken })
    clock.advance(1)
    expect((await renew(tokens, second)).kind).toBe('rotated')
  })

  it('[TOK-2] lives seven days without use, and each rotation counts them anew', async () => {
    const { tokens, clock } = kit()
    const first = await signIn(tokens)
    expect(first.refreshExpiresAt).toBe(clock.now() + 7 * DAY)
    clock.advance(7 * DAY - 1)
    const second = await renew(tokens, first)
    expect(second.refreshExpiresAt).toBe(clock.now() + 7 * DAY)
    clock.advance(7 * DAY)
    expect(await tokens.refresh(second.refreshToken)).toEqual({ ok: false, code: 'expired_idle', retryable: false })
    expect(await tokens.refresh(second.refreshToken)).toMatchObject({ code: 'expired_idle' })
  })

  it('[TOK-2] lives thirty days at most, however often it is used', async () => {
    const { tokens, clock } = kit()
    let session: TokenPair = await signIn(tokens)
    const end = clock.now() + 30 * DAY
    for (let day = 1; day < 30; day++) {
      clock.advance('1d')
      session = await renew(tokens, session)
      expect(session.refreshExpiresAt).toBe(Math.min(clock.now() + 7 * DAY, end))
    }
    clock.advance(DAY - 1)
    session = await renew(tokens, session)
    expect([session.refreshExpiresAt, session.expiresAt]).toEqual([end, end])
    clock.advance(1)
    expect(codeOf(await tokens.refresh(session.refreshToken))).toBe('expired_absolute')
  })

  it('[TOK-2] makes a new access token each time, with the generation of its refresh token', async () => {
    const { tokens, clock } = kit()
    const first = await signIn(tokens)
    clock.advance('1m')
    const second = await renew(tokens, first)
    const again = await renew(tokens, second)
    expect([first, second, again].map(({ accessToken }) => opened(accessToken).payload['gen'])).toEqual([0, 1, 1])
    expect(new Set([first, second, again].map(({ accessToken }) => accessToken)).size).toBe(3)
    for (const each of [first, second, again]) expect(verified(tokens, each).sid).toBe(first.sid)
  })

  it('[TOK-2] is counted by what came of it', async () => {
    const { tokens, clock } = kit()
    const first = await signIn(tokens)
    await renew(tokens, first)
    clock.advance('1m')
    await renew(tokens, first)
    await renew(tokens, first)
    await tokens.refresh('garbage')
    expect(tokens.stats()).toMatchObject({ issued: 1, refreshed: { repeated: 1, rotated: 1, replayed: 1, malformed: 1 } })
  })
})

describe('an honest retry', () => {
  it('[TOK-3] after a lost response gets the very same refresh token, as often as it asks', async () => {
    const { tokens, clock } = kit()
    const first = await signIn(tokens)
    clock.advance('10m')
    const lost = await renew(tokens, first)
    for (const wait of [0, 1, 29_998, 1, MINUTE]) {
      clock.advance(wait)
      expect(await renew(tokens, first)).toMatchObject({ kind: 'replayed', refreshToken: lost.refreshToken, sid: first.sid })
    }
    clock.advance('1m')
    expect((await renew(tokens, lost)).kind).toBe('rotated')
  })

  it('[TOK-3] may come a day late where clients confirm, and two minutes where they never did', async () => {
    const confirming = kit()
    const a = await signIn(confirming.tokens)
    verified(confirming.tokens, a)
    confirming.clock.advance('10m')
    const lost = await renew(confirming.tokens, a)
    confirming.clock.advance(DAY - 1)
    expect((await renew(confirming.tokens, a)).refreshToken).toBe(lost.refreshToken)

    const silent = kit()
    const b = await signIn(silent.tokens)
    silent.clock.advance('10m')
    await renew(silent.tokens, b)
    silent.clock.advance(2 * MINUTE)
    expect(codeOf(await silent.tokens.refresh(b.refreshToken))).toBe('reuse_detected')
  })

  it('[TOK-3] does not move the end of the session', async () => {
    const { tokens, clock } = kit()
    const first = await signIn(tokens)
    clock.advance('1h')
    const second = await renew(tokens, first)
    clock.advance('20s')
    expect((await renew(tokens, first)).refreshExpiresAt).toBe(second.refreshExpiresAt)
    expect((await renew(tokens, second)).refreshExpiresAt).toBe(second.refreshExpiresAt)
  })

  it('[TOK-3] from another address is told, and from the same is not', async () => {
    const { tokens, clock, events } = kit()
    const issued = await tokens.issue({ sub: 'ana' }, { ip: '192.0.2.1', userAgent: 'A' })
    const session = issued.ok ? issued : expect.unreachable()
    clock.advance('1m')
    await tokens.refresh(session.refreshToken, { ip: '192.0.2.1', userAgent: 'A' })
    await tokens.refresh(session.refreshToken, { ip: '192.0.2.1' })
    expect(namesOf(events)).not.toContain('session_replayed_elsewhere')
    await tokens.refresh(session.refreshToken, { ip: '198.51.100.9', userAgent: 'A' })
    expect(events.at(-1)).toMatchObject({
      name: 'session_replayed_elsewhere',
      severity: 'warn',
      subject: 'ana',
      sid: session.sid,
      client: { ip: '198.51.100.9' },
      data: { generation: 1, from: { ip: '192.0.2.1', userAgent: 'A' } },
    })
  })

  it('[TOK-3] that comes late in every generation is taken for a thief after three', async () => {
    const { tokens, clock, events } = kit()
    let session: TokenPair = await signIn(tokens)
    verified(tokens, session)
    const seen: string[] = []
    for (let generation = 0; generation < 4; generation++) {
      clock.advance('10m')
      const next = await tokens.refresh(session.refreshToken)
      clock.advance('10m')
      seen.push(outcomeOf(await tokens.refresh(session.refreshToken)))
      if (next.ok) session = next
    }
    expect(seen).toEqual(['replayed', 'replayed', 'replayed', 'retry_budget_spent'])
    expect(events.at(-1)).toMatchObject({
      name: 'authn_token_reuse',
      severity: 'critical',
      data: { reason: 'retry_budget_spent' },
    })
    expect(codeOf(tokens.verifyNow(session.accessToken))).not.toBe('ok')
  })
})

describe('reuse', () => {
  it('[TOK-3] of a token two generations old ends the session, its access tokens and all its refresh tokens at once', async () => {
    const { tokens, clock, events } = kit()
    const first = await signIn(tokens)
    clock.advance('5m')
    const second = await renew(tokens, first)
    clock.advance('5m')
    const third = await renew(tokens, second)
    expect([first, second, third].map((pair) => codeOf(tokens.verifyNow(pair.accessToken)))).toEqual(['ok', 'ok', 'ok'])
    expect(await tokens.refresh(first.refreshToken, { ip: '203.0.113.66' })).toEqual({
      ok: false,
      code: 'reuse_detected',
      retryable: false,
    })
    for (const pair of [first, second, third]) {
      expect(codeOf(tokens.verifyNow(pair.accessToken))).toBe('session_ended')
      expect(codeOf(await tokens.refresh(pair.refreshToken))).toBe('reuse_detected')
    }
    expect(await tokens.list('ana')).toEqual([])
    const critical = events.filter((event) => event.severity === 'critical')
    expect(critical).toEqual([
      {
        name: 'authn_token_reuse',
        severity: 'critical',
        at: clock.now(),
        subject: 'ana',
        sid: first.sid,
        client: { ip: '203.0.113.66' },
        data: { reason: 'reuse_detected', generation: 2, presented: 0 },
      },
    ])
  })

  it('[TOK-3] of the token before, once the new one was seen in use for a grace, ends the session', async () => {
    const { tokens, clock } = kit()
    const first = await signIn(tokens)
    clock.advance('5m')
    const second = await renew(tokens, first)
    clock.advance('1m')
    verified(tokens, second)
    clock.advance(29_999)
    expect((await renew(tokens, first)).kind).toBe('replayed') // the other tab may have waited for that answer
    clock.advance(1)
    expect(codeOf(await tokens.refresh(first.refreshToken))).toBe('reuse_detected')
  })

  it('[TOK-3] leaves the other sessions of the account alone', async () => {
    const { tokens, clock } = kit()
    const [stolen, other] = [await signIn(tokens), await signIn(tokens)]
    clock.advance('5m')
    await renew(tokens, await renew(tokens, stolen))
    clock.advance('5m')
    expect(codeOf(await tokens.refresh(stolen.refreshToken))).toBe('reuse_detected')
    expect((await renew(tokens, other)).kind).toBe('rotated')
  })

  it('[TOK-3] is found when the owner returns, whoever of the two came first', async () => {
    const { tokens, clock } = kit()
    const stolen = await signIn(tokens)
    clock.advance('5m')
    const thiefs = await renew(tokens, stolen)
    verified(tokens, thiefs)
    clock.advance('5m')
    expect(codeOf(await tokens.refresh(stolen.refreshToken))).toBe('reuse_detected')
    expect(codeOf(await tokens.refresh(thiefs.refreshToken))).toBe('reuse_detected')
  })
})
