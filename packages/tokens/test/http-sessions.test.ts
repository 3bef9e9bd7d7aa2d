import { describe, expect, it } from 'vitest'
import { RequestState, type Reply } from '@wardstone/http'
import { bearer, createSessionEndpoints, type SessionEndpoints } from '../src/http.ts'
import { bodyOf, cookieOf, headersOf, request } from './kit/http.ts'
import { codeOf, kit, type Claims } from './kit/service.ts'
import { watched } from './kit/stores.ts'

function setUp() {
  const store = watched()
  const loader: { answer: () => Claims | null } = { answer: () => ({ username: 'ana' }) }
  const k = kit({ around: store.wrap, claims: () => loader.answer() })
  const http = createSessionEndpoints({ tokens: k.tokens, cookie: { secure: false } })
  return { ...k, http, watched: store, loader }
}

const call = (endpoint: SessionEndpoints['refresh'], refresh?: string, headers = {}): Promise<Reply> =>
  Promise.resolve(endpoint(request({ headers, cookies: refresh === undefined ? {} : { refresh } }), undefined))

async function signedIn() {
  const s = setUp()
  const reply = await s.http.begin(request(), { sub: 'ana' }, { account: { id: 1 } })
  return { ...s, reply, cookie: cookieOf(reply)?.value ?? '', accessToken: String(bodyOf(reply)['accessToken']) }
}

/** A request behind `bearer`. */
function behind(tokens: Parameters<typeof bearer>[0], accessToken: string, params = {}) {
  const state = new RequestState()
  const ctx = request({ headers: { authorization: `Bearer ${accessToken}` }, params, state })
  expect(bearer(tokens)(ctx)).toEqual({ ok: true })
  return ctx
}

describe('begin', () => {
  it('[TOK-12] puts the access token into the body, the refresh token into the cookie and nowhere else', async () => {
    const { reply, cookie, tokens } = await signedIn()
    expect(reply.status).toBe(200)
    expect(bodyOf(reply)).toEqual({
      accessToken: expect.any(String) as string,
      tokenType: 'Bearer',
      expiresIn: 900,
      account: { id: 1 },
    })
    expect(reply.body).not.toContain(cookie)
    expect(headersOf(reply, 'cache-control')).toEqual(['no-store'])
    expect(codeOf(tokens.verifyNow(String(bodyOf(reply)['accessToken'])))).toBe('ok')
  })

  it('[TOK-12] ends the session whose cookie the browser still sends, whoever’s it was', async () => {
    const { http, cookie, accessToken, tokens } = await signedIn()
    await http.begin(request({ cookies: { refresh: cookie } }), { sub: 'ben' })
    expect(codeOf(tokens.verifyNow(accessToken))).toBe('session_ended')
    expect([await tokens.list('ana'), (await tokens.list('ben')).length]).toEqual([[], 1])
  })

  it('[TOK-12] does not mind a cookie that is nonsense', async () => {
    const { http } = setUp()
    expect((await http.begin(request({ cookies: { refresh: 'nonsense' } }), { sub: 'ana' })).status).toBe(200)
  })

  it('[TOK-12] answers 401 without a cookie when everything was revoked since the password was checked', async () => {
    const { http, tokens } = setUp()
    const epoch = await tokens.epoch('ana')
    await tokens.revokeAll('ana')
    const reply = await http.begin(request(), { sub: 'ana', epoch })
    expect([reply.status, bodyOf(reply)['code'], cookieOf(reply)]).toEqual([401, 'sign_in_refused', undefined])
  })
})

describe('refresh', () => {
  it('[TOK-12] sets the next cookie when it rotates, and the same again for a retry', async () => {
    const { http, clock, cookie } = await signedIn()
    clock.advance('1m')
    const rotated = await call(http.refresh, cookie)
    const replayed = await call(http.refresh, cookie)
    expect([rotated.status, replayed.status]).toEqual([200, 200])
    expect(cookieOf(rotated)?.value).not.toBe(cookie)
    expect(cookieOf(replayed)?.value).toBe(cookieOf(rotated)?.value)
    expect(headersOf(rotated, 'cache-control')).toEqual(['no-store'])
  })

  it('[TOK-12] sets no cookie when the token stays the same: a later one may be on its way', async () => {
    const { http, cookie } = await signedIn()
    const reply = await call(http.refresh, cookie)
    expect([reply.status, headersOf(reply, 'set-cookie')]).toEqual([200, []])
    expect(Object.keys(bodyOf(reply))).toEqual(['accessToken', 'tokenType', 'expiresIn'])
  })

  it('[TOK-12] answers everything that is not accepted alike, and leaves the cookie', async () => {
    const { http, clock, cookie, tokens } = await signedIn()
    const expired = cookieOf(await http.begin(request(), { sub: 'ben' }))?.value ?? ''
    const out = cookieOf(await http.begin(request(), { sub: 'cyn' }))?.value ?? ''
    await tokens.revokeAll('cyn')
    const replies = [await call(http.refresh), await call(http.refresh, 'garbage'), await call(http.refresh, out)]
    clock.advance('1m')
    const second = cookieOf(await call(http.refresh, cookie))?.value ?? ''
    clock.advance('1m')
    await call(http.refresh, second)
    clock.advance('1m')
    replies.push(await call(http.refresh, cookie)) // reuse
    clock.advance('8d')
    replies.push(await call(http.refresh, expired))
    expect(new Set(replies.map((reply) => JSON.stringify(reply))).size).toBe(1)
    expect(replies[0]).toMatchObject({ status: 401 })
    expect(bodyOf(replies[0] as Reply)).toEqual({
      type: 'urn:wardstone:error:invalid_refresh_token',
      title: 'Unauthorized',
      status: 401,
      code: 'invalid_refresh_token',
    })
    expect(headersOf(replies[0] as Reply, 'set-cookie')).toEqual([])
    expect(tokens.stats().refreshed).toMatchObject({ malformed: 1, subject_revoked: 1, reuse_detected: 1, expired_idle: 1 })
  })

  it('[TOK-12] with the store down throws what becomes a 503, and sets no cookie', async () => {
    const { http, cookie, watched: store, clock } = await signedIn()
    clock.advance('1m')
    store.down = true
    await expect(call(http.refresh, cookie)).rejects.toMatchObject({ code: 'store_unavailable', retryable: true })
    store.down = false
    expect((await call(http.refresh, cookie)).status).toBe(200)
  })

  it('[TOK-4] [TOK-12] whose claims cannot be loaded answers 503 and still sets the next cookie', async () => {
    const { http, cookie, clock, loader } = await signedIn()
    clock.advance('1m')
    const well = loader.answer
    loader.answer = () => {
      throw new Error('down')
    }
    const failed = await call(http.refresh, cookie)
    expect([failed.status, bodyOf(failed)['code'], headersOf(failed, 'cache-control')]).toEqual([
      503,
      'claims_unavailable',
      ['no-store'],
    ])
    const next = cookieOf(failed)
    expect(next?.value).toMatch(/^wrt_/)
    expect(next?.value).not.toBe(cookie)
    const repeated = await call(http.refresh, next?.value)
    expect([repeated.status, headersOf(repeated, 'set-cookie')]).toEqual([503, []])
    loader.answer = well
    expect((await call(http.refresh, next?.value)).status).toBe(200)
  })

  it('[TOK-7] [TOK-12] signed by a secret of another process answers 503 and keeps the cookie', async () => {
    const { http } = setUp()
    const other = await signedIn()
    const reply = await call(http.refresh, other.cookie)
    expect([reply.status, bodyOf(reply)['code'], headersOf(reply, 'set-cookie')]).toEqual([503, 'refresh_key_unknown', []])
  })
})

it('[TOK-12] a cookie whose secret is gone keeps nobody from signing in, and a logout with it says that it does not know', async () => {
  const { http } = setUp()
  const other = await signedIn()
  const signIn = await http.begin(request({ cookies: { refresh: other.cookie } }), { sub: 'ana' })
  expect(signIn.status).toBe(200)
  const reply = await call(http.logout, other.cookie)
  expect([reply.status, bodyOf(reply)['code'], cookieOf(reply)?.value]).toEqual([503, 'session_not_revoked', ''])
})

describe('logout', () => {
  it('[TOK-12] ends the session and clears the cookie; again, or without one, it is the same', async () => {
    const { http, cookie, tokens, accessToken } = await signedIn()
    const replies = [
      await call(http.logout, cookie),
      await call(http.logout, cookie),
      await call(http.logout),
      await call(http.logout, 'garbage'),
    ]
    expect(new Set(replies.map((reply) => JSON.stringify(reply))).size).toBe(1)
    expect([replies[0]?.status, cookieOf(replies[0] as Reply)?.value]).toEqual([204, ''])
    expect(codeOf(tokens.verifyNow(accessToken))).toBe('session_ended')
  })

  it('[TOK-12] with the store down clears the cookie all the same, and says that the session lives', async () => {
    const { http, cookie, watched: store, tokens } = await signedIn()
    store.down = true
    const reply = await call(http.logout, cookie)
    store.down = false
    expect([reply.status, bodyOf(reply)['code']]).toEqual([503, 'session_not_revoked'])
    expect(cookieOf(reply)).toMatchObject({ name: 'refresh', value: '' })
    expect(await tokens.list('ana')).toHaveLength(1)
  })

  it('[TOK-9] without a cookie ends the session of the access token, where bearer went before', async () => {
    const { http, accessToken, tokens } = await signedIn()
    expect((await http.logout(behind(tokens, accessToken), undefined)).status).toBe(204)
    expect(codeOf(tokens.verifyNow(accessToken))).toBe('session_ended')
  })

  it('[TOK-9] everywhere ends all sessions of the principal', async () => {
    const { http, accessToken, tokens } = await signedIn()
    const other = await http.begin(request(), { sub: 'ana' })
    const reply = await http.logoutAll(behind(tokens, accessToken), undefined)
    expect([reply.status, cookieOf(reply)?.value]).toEqual([204, ''])
    expect(codeOf(tokens.verifyNow(String(bodyOf(other)['accessToken'])))).toBe('session_ended')
  })
})

describe('behind bearer', () => {
  it('[TOK-9] list shows the principal’s sessions and which one this is', async () => {
    const { http, accessToken, tokens, clock } = await signedIn()
    const at = new Date(clock.now()).toISOString()
    clock.advance('1m')
    await http.begin(request({ headers: { 'user-agent': 'Laptop' } }), { sub: 'ana' })
    await http.begin(request(), { sub: 'ben' })
    const { sessions } = bodyOf(await http.list(behind(tokens, accessToken), undefined)) as {
      sessions: Record<string, unknown>[]
    }
    expect(sessions).toMatchObject([
      { device: 'Laptop', ip: '192.0.2.1', current: false },
      { device: null, ip: '192.0.2.1', createdAt: at, lastUsedAt: at, current: true },
    ])
  })

  it('[TOK-9] end ends one of the principal’s own sessions, and nobody else’s', async () => {
    const { http, accessToken, tokens } = await signedIn()
    await http.begin(request(), { sub: 'ana' })
    await http.begin(request(), { sub: 'ben' })
    const [[mine], [foreign]] = [await tokens.list('ana'), await tokens.list('ben')]
    const end = (id: string) =>
      Promise.resolve(http.end(behind(tokens, accessToken, { id }), undefined)).then(({ status }) => status)
    expect([
      await end(mine?.sid ?? ''),
      await end(mine?.sid ?? ''),
      await end(foreign?.sid ?? ''),
      await end('nonsense'),
    ]).toEqual([204, 404, 404, 404])
    expect(await tokens.list('ben')).toHaveLength(1)
  })

  it('[TOK-3] confirm closes the way back to the token before', async () => {
    const { http, cookie, tokens, clock } = await signedIn()
    clock.advance('1m')
    const { accessToken } = bodyOf(await call(http.refresh, cookie))
    const reply = await http.confirm(behind(tokens, String(accessToken)), undefined)
    expect([reply.status, reply.headers]).toEqual([204, [['cache-control', 'no-store']]])
    clock.advance('30s')
    expect((await call(http.refresh, cookie)).status).toBe(401)
  })

  it('[TOK-9] refuses to work without bearer in front: a mistake of the application', async () => {
    const { http } = setUp()
    for (const endpoint of [http.logoutAll, http.list, http.end, http.confirm]) {
      await expect(Promise.resolve().then(() => endpoint(request(), undefined))).rejects.toMatchObject({
        code: 'invalid_argument',
      })
    }
  })
})

describe('what goes wrong in the middle', () => {
  it('[TOK-12] a sign-in that fails ends nothing', async () => {
    const { http, cookie, loader, tokens } = await signedIn()
    loader.answer = () => {
      throw new Error('down')
    }
    await expect(http.begin(request({ cookies: { refresh: cookie } }), { sub: 'ana' })).rejects.toMatchObject({
      code: 'claims_unavailable',
    })
    loader.answer = () => ({ username: 'ana' })
    expect(codeOf(await tokens.refresh(cookie))).toBe('ok')
  })

  it('[TOK-9] a logout with a cookie that is dead ends the session of the access token', async () => {
    const { http, accessToken, tokens } = await signedIn()
    const ctx = behind(tokens, accessToken, {})
    const both = { ...ctx, cookie: () => 'nonsense', header: () => undefined }
    expect((await http.logout(both, undefined)).status).toBe(204)
    expect(codeOf(tokens.verifyNow(accessToken))).toBe('session_ended')
  })
})
