import { csrf, type BaselineOptions } from '@wardstone/http'
import { endpoint, listener } from '@wardstone/http/node'
import { serve } from '@wardstone/testkit/http'
import { describe, expect, it, vi } from 'vitest'
import { createSessionEndpoints } from '../src/http.ts'
import { bodyOf, headersOf, request } from './kit/http.ts'
import { kit } from './kit/service.ts'
import { watched } from './kit/stores.ts'

const store = watched()
const { tokens } = kit({ around: store.wrap })
const http = createSessionEndpoints({ tokens, cookie: { secure: false } })
const endpoints = {
  begin: (ctx: ReturnType<typeof request>) => http.begin(ctx, { sub: 'ana' }),
  refresh: (ctx: ReturnType<typeof request>) => http.refresh(ctx, undefined),
  logout: (ctx: ReturnType<typeof request>) => http.logout(ctx, undefined),
}
const { refreshToken } = await tokens.issue({ sub: 'ana' }).then((issued) => (issued.ok ? issued : expect.unreachable()))

describe.each(Object.entries(endpoints))('%s', (_name, endpoint) => {
  it.each(['cross-site', 'same-site', 'Same-Origin', 'same-origin, same-origin', 'nonsense', ''])(
    '[TOK-12] refuses what the browser says came from %j, before anything is done',
    async (site) => {
      store.calls.length = 0
      const reply = await endpoint(request({ headers: { 'sec-fetch-site': site }, cookies: { refresh: refreshToken } }))
      expect([reply.status, bodyOf(reply)['code'], headersOf(reply, 'set-cookie')]).toEqual([403, 'cross_site_request', []])
      expect(store.calls).toEqual([])
    },
  )

  it.each([{ 'sec-fetch-site': 'same-origin' }, { 'sec-fetch-site': 'none' }, {}])('[TOK-12] lets %j pass', async (headers) => {
    const reply = await endpoint(request({ headers: headers as Record<string, string> }))
    expect(reply.status).not.toBe(403)
  })
})

// What csrf.except lets pass has not been judged: a sign-in that another site posts may end here, and nothing else.
it.each<[string, number, boolean]>([
  ['begin', 200, true],
  ['refresh', 403, false],
  ['logout', 403, false],
])('[TOK-12] where csrf is told that other sites post, %s answers %i', async (name, status, began) => {
  const cookies = { refresh: name === 'begin' ? 'gone' : refreshToken } // which a sign-in would end
  const ctx = request({ method: 'POST', headers: { 'sec-fetch-site': 'cross-site' }, cookies })
  expect(await csrf({ except: () => true })(ctx)).toMatchObject({ ok: true })
  const reply = await endpoints[name as keyof typeof endpoints](ctx)
  expect([reply.status, headersOf(reply, 'set-cookie').length > 0]).toEqual([status, began])
})

/** What a browser gets that refreshes on a server of the application, with the status and whether a session was asked for. */
async function refreshed(
  baseline: BaselineOptions,
  headers: Readonly<Record<string, string>>,
): Promise<readonly [number, boolean]> {
  store.calls.length = 0
  const server = await serve(listener([endpoint(http.refresh)], { baseline }))
  try {
    const cookie = `refresh=${refreshToken}`
    const answer = await fetch(`http://127.0.0.1:${server.port}/auth/refresh`, {
      method: 'POST',
      headers: { ...headers, cookie },
    })
    return [answer.status, store.calls.length > 0]
  } finally {
    await server.close()
  }
}

describe('a page of a sibling host', () => {
  // Same site: the browser sends it the SameSite=Strict cookie. Whoever takes over a forgotten subdomain is here.
  const sibling = { 'sec-fetch-site': 'same-site', origin: 'https://forgotten.example.com' }
  const app = { 'sec-fetch-site': 'same-site', origin: 'https://app.example.com' }

  it.each<[string, BaselineOptions]>([
    ['as it is', {}],
    ['that knows its own origin', { publicOrigins: ['https://api.example.com'] }],
    ['that trusts another sibling', { csrf: { trustedOrigins: ['https://app.example.com'] } }],
    ['that lets another sibling read', { cors: { origins: ['https://app.example.com'] } }],
    ['without csrf', { csrf: false }],
    ['that takes clients which say nothing', { csrf: { unsignalled: 'allow' } }],
    ['that lets everybody read', { cors: { origins: ['*'], credentials: false, methods: ['GET'] } }],
  ])('[TOK-12] cannot refresh on an application %s', async (_, baseline) => {
    expect(await refreshed(baseline, sibling)).toEqual([403, false])
    expect(await refreshed(baseline, { origin: sibling.origin })).toEqual(baseline.csrf === false ? [200, true] : [403, false])
  })

  it.each<[string, BaselineOptions]>([
    ['trusts', { csrf: { trustedOrigins: ['https://app.example.com'] } }],
    ['lists for reading with credentials', { cors: { origins: ['https://app.example.com'] } }],
  ])('[TOK-12] refreshes when it is one that the application %s', async (_, baseline) => {
    expect(await refreshed(baseline, app)).toEqual([200, true])
  })
})

describe('cookies without csrf', () => {
  it('[HTTP-3] are warned of at the first request that changes something, once', async () => {
    const emitted = vi.spyOn(process, 'emitWarning').mockReturnValue()
    const own = createSessionEndpoints({ tokens, cookie: { secure: false } })
    for (let i = 0; i < 2; i++) await own.refresh(request(), undefined)
    await own.logout(request(), undefined)
    expect(emitted.mock.calls.map((call) => (call[1] as unknown as { code: string }).code)).toEqual(['WARDSTONE_CSRF_OFF'])
    emitted.mockRestore()
  })

  it('[HTTP-3] are not warned of behind csrf, nor where a redirect from elsewhere ends a sign-in', async () => {
    const emitted = vi.spyOn(process, 'emitWarning').mockReturnValue()
    const own = createSessionEndpoints({ tokens, cookie: { secure: false } })
    const judged = request()
    expect(await csrf()(judged)).toMatchObject({ ok: true })
    await own.refresh(judged, undefined)
    const callback = request({ method: 'GET', headers: { 'sec-fetch-site': 'cross-site' } })
    expect((await own.begin(callback, { sub: 'ana' })).status).toBe(200)
    expect(emitted).not.toHaveBeenCalled()
    emitted.mockRestore()
  })
})
