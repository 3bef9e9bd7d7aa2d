import { describe, expect, it } from 'vitest'
import { codeOf, kit, outcomeOf, renew, signIn } from './kit/service.ts'

describe('a clock that goes back', () => {
  it('[TOK-2] logs nobody out, and no session becomes longer than it may', async () => {
    const { tokens, clock } = kit()
    const first = await signIn(tokens)
    const absolute = clock.now() + 30 * 86_400_000
    clock.advance('1h')
    const second = await renew(tokens, first)
    clock.rewind('2h')
    for (const kind of ['repeated', 'repeated']) expect((await renew(tokens, second)).kind).toBe(kind)
    expect((await renew(tokens, first)).refreshToken).toBe(second.refreshToken)
    clock.advance('2h')
    clock.advance('1m')
    const third = await renew(tokens, second)
    expect(third.kind).toBe('rotated')
    expect(third.refreshExpiresAt).toBeLessThanOrEqual(absolute)
  })

  it('[TOK-16] refuses access tokens of the future, and a refresh gives one of now', async () => {
    const { tokens, clock } = kit()
    const session = await signIn(tokens)
    clock.rewind('1m')
    expect(codeOf(tokens.verifyNow(session.accessToken))).toBe('not_yet_valid')
    const again = await renew(tokens, session)
    expect([again.kind, codeOf(tokens.verifyNow(again.accessToken))]).toEqual(['repeated', 'ok'])
  })

  it('[TOK-3] does not hide reuse of a token two generations old', async () => {
    const { tokens, clock } = kit()
    const first = await signIn(tokens)
    clock.advance('1h')
    const second = await renew(tokens, first)
    clock.advance('1h')
    await renew(tokens, second)
    clock.rewind('3h')
    expect(outcomeOf(await tokens.refresh(first.refreshToken))).toBe('reuse_detected')
  })

  it('[TOK-9] does not bring an ended session back', async () => {
    const { tokens, clock } = kit()
    const [one, two] = [await signIn(tokens), await signIn(tokens, 'ben')]
    await tokens.revoke(one)
    await tokens.revokeAll('ben')
    clock.rewind('30m')
    expect(outcomeOf(await tokens.refresh(one.refreshToken))).toBe('signed_out')
    expect(outcomeOf(await tokens.refresh(two.refreshToken))).toBe('subject_revoked')
    clock.advance('30m')
    for (const { accessToken } of [one, two]) expect(codeOf(tokens.verifyNow(accessToken))).toBe('session_ended')
  })
})

describe('a clock that was ahead for a while', () => {
  it('[TOK-2] costs those who refreshed meanwhile nothing but a repeated token', async () => {
    const { tokens, clock } = kit()
    const first = await signIn(tokens)
    clock.advance('3h')
    const ahead = await renew(tokens, first)
    clock.rewind('3h')
    const back = await renew(tokens, ahead)
    expect([back.kind, codeOf(tokens.verifyNow(back.accessToken))]).toEqual(['repeated', 'ok'])
    expect(codeOf(tokens.verifyNow(ahead.accessToken))).toBe('not_yet_valid')
    clock.advance('3h')
    clock.advance('30s')
    expect((await renew(tokens, ahead)).kind).toBe('rotated')
  })

  it('[TOK-2] refuses what looks expired without ending it, so that the right time makes it good again', async () => {
    const { tokens, clock, events } = kit()
    const session = await signIn(tokens)
    clock.advance('8d')
    expect(outcomeOf(await tokens.refresh(session.refreshToken))).toBe('expired_idle')
    clock.advance('30d')
    expect(outcomeOf(await tokens.refresh(session.refreshToken))).toBe('expired_absolute')
    clock.rewind('38d')
    expect((await renew(tokens, session)).kind).toBe('repeated')
    expect(events.filter((event) => event.severity === 'critical')).toEqual([])
  })
})
