import { describe, expect, it } from 'vitest'
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
