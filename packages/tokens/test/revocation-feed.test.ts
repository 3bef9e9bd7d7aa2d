import { fakeClock } from '@wardstone/testkit'
import { describe, expect, it } from 'vitest'
import { createVerifier, type Revocation, type RevocationFeed, type Verifier } from '../src/index.ts'
import { RevocationView } from '../src/lib/sessions/revocation.ts'
import { AUDIENCE, codeOf, ISSUER, kit, renew, signIn, verified, type Claims, type Kit } from './kit/service.ts'

const elsewhere = ({ keys, store, clock }: Kit): Verifier<Claims> =>
  createVerifier<Claims>({ issuer: ISSUER, audience: AUDIENCE, keys, revocation: store.revocations, now: clock.now })

describe('a verifier that follows the feed', () => {
  it('[TOK-10] sees the end of a session at once, remembered tokens included', async () => {
    const k = kit()
    const verifier = elsewhere(k)
    const [ana, ben] = [await signIn(k.tokens), await signIn(k.tokens, 'ben')]
    for (const session of [ana, ana, ben, ben]) verified(verifier, session)
    await k.tokens.revoke(ana)
    expect([ana, ben].map(({ accessToken }) => codeOf(verifier.verify(accessToken)))).toEqual(['session_ended', 'ok'])
    await k.tokens.refreshClaims('ben')
    expect(codeOf(verifier.verify(ben.accessToken))).toBe('claims_stale')
    const again = await renew(k.tokens, ben)
    expect(codeOf(verifier.verify(again.accessToken))).toBe('ok')
    await k.tokens.revokeEveryone()
    expect(codeOf(verifier.verify(again.accessToken))).toBe('session_ended')
  })

  it('[TOK-10] knows also what ended before it was made', async () => {
    const k = kit()
    const sessions = [
      await signIn(k.tokens),
      await signIn(k.tokens, 'ben'),
      await signIn(k.tokens, 'cyn'),
      await signIn(k.tokens, 'dan'),
    ]
    await k.tokens.revoke(sessions[0] as (typeof sessions)[0])
    await k.tokens.revokeAll('ben')
    await k.tokens.refreshClaims('cyn')
    const late = elsewhere(k)
    const codes = () => sessions.map(({ accessToken }) => codeOf(late.verify(accessToken)))
    expect(codes()).toEqual(['session_ended', 'session_ended', 'claims_stale', 'ok'])
    await k.tokens.revokeEveryone()
    expect(codeOf(elsewhere(k).verify(sessions[3]?.accessToken ?? ''))).toBe('session_ended')
  })

  it('[TOK-10] ends its streams', async () => {
    const k = kit()
    const verifier = elsewhere(k)
    const session = await signIn(k.tokens)
    let ended = 0
    verifier.onEnd(verified(verifier, session), () => ended++)
    await k.tokens.revokeAll('ana')
    expect(ended).toBe(1)
  })

  it('[TOK-10] remembers as long as a token may live, however much happens meanwhile', async () => {
    const k = kit()
    const verifier = elsewhere(k)
    const session = await signIn(k.tokens)
    await k.tokens.revoke(session)
    for (let i = 0; i < 600; i++) {
      k.clock.advance(1_500)
      await k.tokens.revoke(await signIn(k.tokens, `user ${i}`))
      if (codeOf(verifier.verify(session.accessToken)) !== 'session_ended') expect.unreachable(`forgotten after ${i}`)
      if (codeOf(k.tokens.verifyNow(session.accessToken)) !== 'session_ended') expect.unreachable(`forgotten after ${i}`)
    }
    expect(codeOf(elsewhere(k).verify(session.accessToken))).toBe('session_ended')
  })

  it('[TOK-10] is not shaken by entries that come twice, late or in another order', async () => {
    const entries: Revocation[] = []
    const replayed: RevocationFeed = {
      follow: (listener) => (entries.toReversed().concat(entries).forEach(listener), () => {}),
      staleness: () => 0,
    }
    const k = kit()
    k.store.revocations.follow((entry) => entries.push(entry))
    const before = await signIn(k.tokens)
    await k.tokens.revokeAll('ana')
    await k.tokens.refreshClaims('ana')
    const stale = await signIn(k.tokens)
    await k.tokens.refreshClaims('ana')
    await k.tokens.revoke(before)
    const now = await signIn(k.tokens)
    const verifier = createVerifier({ issuer: ISSUER, audience: AUDIENCE, keys: k.keys, revocation: replayed, now: k.clock.now })
    expect([before, stale, now].map(({ accessToken }) => codeOf(verifier.verify(accessToken)))).toEqual([
      'session_ended',
      'claims_stale',
      'ok',
    ])
  })

  it('[TOK-10] stops hearing when it stops following', async () => {
    const k = kit()
    const heard: string[] = []
    const stop = k.store.revocations.follow(({ kind }) => heard.push(kind))
    await k.tokens.revoke(await signIn(k.tokens))
    stop()
    await k.tokens.revokeAll('ana')
    expect(heard).toEqual(['session'])
  })
})

describe('RevocationView', () => {
  it('[TOK-10] forgets in time, so that it does not grow for ever', () => {
    const clock = fakeClock()
    const view = new RevocationView(undefined, 1_000, clock.now)
    view.apply({ kind: 'session', sid: 'a', until: 0 })
    clock.advance(1_000)
    view.apply({ kind: 'session', sid: 'b', until: 0 })
    expect([view.isEnded('a'), view.isEnded('b')]).toEqual([true, true])
    clock.advance(1_000)
    view.apply({ kind: 'session', sid: 'c', until: 0 })
    expect([view.isEnded('a'), view.isEnded('b'), view.isEnded('c')]).toEqual([false, true, true])
    clock.advance(5_000)
    view.apply({ kind: 'session', sid: 'd', until: 0 })
    expect([view.isEnded('b'), view.isEnded('c'), view.isEnded('d')]).toEqual([false, false, true])
  })

  it('[TOK-10] carries an epoch over when the claims of the same subject change', () => {
    const clock = fakeClock()
    const view = new RevocationView(undefined, 1_000, clock.now)
    const token = { sid: 's', shard: 'x', epoch: 4, claimsEpoch: 9 }
    view.apply({ kind: 'subject', shard: 'x', epoch: 5, claimsEpoch: 0, until: clock.now() + 2_000 })
    clock.advance(1_000)
    view.apply({ kind: 'subject', shard: 'x', epoch: 0, claimsEpoch: 10, until: clock.now() + 1_000 })
    expect([view.judge(token), view.judge({ ...token, epoch: 5 })]).toEqual(['session_ended', 'claims_stale'])
  })
})
