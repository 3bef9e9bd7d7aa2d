import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { typeIn, type Typed } from './typed.ts'

let guide: Typed

describe('the guide "Protect an application", typed in and started', () => {
  beforeAll(() => void (guide = typeIn('protect')))
  afterAll(() => guide.end())

  it.each(['express.ts', 'fastify.ts', 'koa.ts'])(
    '[HTTP-7] %s signs in, refreshes, tells roles apart and logs out',
    async (file) => {
      const api = await guide.start(file, '/me')
      const post = (path: string, headers: Record<string, string>, body?: object): Promise<Response> =>
        fetch(api + path, {
          method: 'POST',
          headers: { ...headers, 'sec-fetch-site': 'same-origin', ...(body && { 'content-type': 'application/json' }) },
          ...(body && { body: JSON.stringify(body) }),
        })
      const signIn = async (username: string, password: string): Promise<{ cookie: string; authorization: string }> => {
        const answer = await post('/auth/login', {}, { username, password })
        const { accessToken } = (await answer.json()) as { accessToken: string }
        return { cookie: answer.headers.getSetCookie()[0]?.split(';')[0] ?? '', authorization: `Bearer ${accessToken}` }
      }
      const codeOf = async (answer: Promise<Response>): Promise<unknown> => {
        const { status, code } = (await (await answer).json()) as { status: number; code: string }
        return [status, code]
      }

      expect(await codeOf(post('/auth/login', {}, { username: 'ana', password: 'wrong' }))).toEqual([401, 'invalid_credentials'])
      expect(await codeOf(post('/auth/login', {}, {}))).toEqual([400, 'malformed_request'])
      const ana = await signIn('ana', 'Correct-Horse-9!')
      const ada = await signIn('ada', 'Plum-Tree-41-North')

      const get = (path: string, { authorization }: { authorization: string }): Promise<Response> =>
        fetch(api + path, { headers: { authorization } })
      expect(await (await get('/me', ana)).json()).toEqual({ username: 'ana', roles: ['user'] })
      expect(await codeOf(get('/admin', ana))).toEqual([403, 'forbidden'])
      expect(await (await get('/admin', ada)).json()).toEqual({ secret: 42 })
      expect(await codeOf(fetch(`${api}/me`))).toEqual([401, 'authentication_required'])
      expect(await codeOf(get('/nowhere', ana))).toEqual([404, 'not_found'])

      const refreshed = (await (await post('/auth/refresh', { cookie: ana.cookie })).json()) as { accessToken: string }
      expect((await get('/me', { authorization: `Bearer ${refreshed.accessToken}` })).status).toBe(200)
      expect((await post('/auth/logout', { cookie: ana.cookie })).status).toBe(204)
      expect(await codeOf(get('/me', ana))).toEqual([401, 'invalid_token'])
      expect(await codeOf(post('/auth/refresh', { cookie: ana.cookie }))).toEqual([401, 'invalid_refresh_token'])
    },
    30_000,
  )
})
