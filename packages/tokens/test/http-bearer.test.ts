import { ConfigurationError } from '@wardstone/core'
import { principalKey, refusalKey, type Decision, type Refused } from '@wardstone/http'
import { beforeEach, describe, expect, it } from 'vitest'
import { bearer, verifiedKey } from '../src/http.ts'
import type { Issued } from '../src/index.ts'
import { finding } from '../../core/test/query.ts'
import { bodyOf, headersOf, request } from './kit/http.ts'
import { kit, signIn, type Kit } from './kit/service.ts'
import { watched, type Watched } from './kit/stores.ts'

let k: Kit
let store: Watched
let session: Issued
beforeEach(async () => {
  store = watched()
  k = kit({ around: store.wrap })
  session = await signIn(k.tokens)
  store.calls.length = 0
})

const asked = (authorization?: string) => request({ headers: authorization === undefined ? {} : { authorization } })
const refused = (decision: Decision | Promise<Decision>): Refused =>
  decision instanceof Promise || decision.ok ? expect.unreachable('let through') : decision

describe('bearer', () => {
  it('[TOK-12] waits for a verifier that answers with the promise of another library', async () => {
    const refusing = bearer({ verify: () => finding({ ok: false, code: 'revoked', retryable: false }) as never })
    expect(await refusing(asked('Bearer x'))).toMatchObject({ ok: false, code: 'revoked', reply: { status: 401 } })
    const ctx = asked('Bearer x')
    expect(await bearer({ verify: () => finding(k.tokens.verify(session.accessToken)) as never })(ctx)).toEqual({ ok: true })
    expect(ctx.state.get(principalKey)).toMatchObject({ id: 'ana' })
  })

  it.each(['Bearer ', 'bearer ', 'BEARER ', 'Bearer   '])(
    '[TOK-12] lets a good token pass after %j and leaves the principal',
    (scheme) => {
      const ctx = asked(scheme + session.accessToken)
      expect(bearer(k.tokens)(ctx)).toEqual({ ok: true })
      expect(ctx.state.get(principalKey)).toMatchObject({ id: 'ana', sid: session.sid, claims: { username: 'user ana' } })
      expect(ctx.state.get(verifiedKey)?.sid).toBe(session.sid)
      expect(ctx.state.get(refusalKey)).toBeUndefined()
    },
  )

  it('[TOK-12] asks who comes without a token, or with two, to bring one', () => {
    // The port gives no value for a header that was sent twice.
    const { reply, code } = refused(bearer(k.tokens)(asked()))
    expect([reply.status, code, bodyOf(reply)['code']]).toEqual([401, 'authentication_required', 'authentication_required'])
    expect(headersOf(reply, 'www-authenticate')).toEqual(['Bearer'])
  })

  it('[TOK-12] [TOK-16] answers every bad token alike, and keeps the reason on this side', async () => {
    const gone = await signIn(k.tokens, 'ben')
    await k.tokens.revokeAll('ben')
    const other = kit({ clock: k.clock })
    const foreign = await signIn(other.tokens)
    const cases: [string, string][] = [
      ['malformed', 'Bearer'],
      ['malformed', 'Bearer '],
      ['malformed', 'Basic YW5hOmFuYQ=='],
      ['malformed', session.accessToken],
      ['malformed', `Bearer ${session.accessToken}, Bearer ${session.accessToken}`],
      ['malformed', `Bearer ${session.accessToken} x`],
      ['malformed', `Bearer ${session.accessToken}=`],
      ['malformed', `Bearer ${session.refreshToken}`],
      ['malformed', `Bearer ${'a'.repeat(100_000)}`],
      ['unknown_key', `Bearer ${foreign.accessToken}`],
      ['session_ended', `Bearer ${gone.accessToken}`],
    ]
    const decisions = cases.map(([, header]) => refused(bearer(k.tokens)(asked(header))))
    expect(decisions.map(({ code }) => code)).toEqual(cases.map(([code]) => code))
    expect(new Set(decisions.map(({ reply }) => JSON.stringify(reply))).size).toBe(1)
    const [{ reply }] = decisions as [Refused]
    expect([reply.status, bodyOf(reply)['code']]).toEqual([401, 'invalid_token'])
    expect(headersOf(reply, 'www-authenticate')).toEqual(['Bearer error="invalid_token"'])
    expect(headersOf(reply, 'set-cookie')).toEqual([])
  })

  it('[TOK-12] as an option lets everybody on, and keeps the refusal for a stricter guard', () => {
    const guard = bearer(k.tokens, { optional: true })
    const [without, bad, good] = [asked(), asked('Bearer nonsense'), asked(`Bearer ${session.accessToken}`)]
    for (const ctx of [without, bad, good]) expect(guard(ctx)).toEqual({ ok: true })
    expect(without.state.get(refusalKey)).toBeUndefined()
    expect(bad.state.get(refusalKey)).toMatchObject({ ok: false, code: 'malformed', reply: { status: 401 } })
    expect([without, bad, good].map((ctx) => ctx.state.get(principalKey)?.id)).toEqual([undefined, undefined, 'ana'])
  })

  it('[TOK-3] tells the store that the client got its token, unless it was told not to', () => {
    void bearer(k.tokens, { confirm: false })(asked(`Bearer ${session.accessToken}`))
    expect(store.calls).toEqual([])
    void bearer(k.tokens)(asked(`Bearer ${session.accessToken}`))
    expect(store.calls.map(({ verb }) => verb)).toEqual(['confirm'])
  })

  it('[TOK-16] answers 503 where a verifier cannot tell, and never 401', () => {
    const unsure = { verify: () => ({ ok: false, code: 'session_ended', retryable: true }) as const }
    const { reply, code } = refused(bearer(unsure)(asked('Bearer a.b.c')))
    expect([reply.status, code, headersOf(reply, 'www-authenticate')]).toEqual([503, 'session_ended', []])
  })

  it('[TOK-12] takes only options that it knows', () => {
    expect(() => bearer(k.tokens, { optinal: true } as never)).toThrow(/did you mean optional/)
    expect(() => bearer(k.tokens, { optional: 'yes' } as never)).toThrow(ConfigurationError)
  })
})
