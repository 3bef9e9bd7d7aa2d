import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { typeIn, type Typed } from './typed.ts'

let guide: Typed
const JSON_TYPE = { 'content-type': 'application/json' }

describe('the guide "Harden an application", typed in and started', () => {
  beforeAll(() => void (guide = typeIn('harden')))
  afterAll(() => guide.end())

  it.each(['express.ts', 'fastify.ts', 'koa.ts'])(
    '[HTTP-7] %s answers what "Look at it" says',
    async (file) => {
      const api = await guide.start(file, '/healthz')
      const health = await fetch(`${api}/healthz`)
      expect([health.status, await health.json()]).toEqual([200, { up: true }])
      expect(health.headers.get('content-security-policy')).toContain("script-src 'self';")
      expect(health.headers.get('strict-transport-security')).toBe(null)

      const post = async (headers: Record<string, string>, body: string): Promise<unknown> => {
        const answer = await fetch(`${api}/posts`, { method: 'POST', headers, body })
        const { code } = (await answer.json()) as { code?: string }
        return [answer.status, code]
      }
      expect(await post(JSON_TYPE, '{"a":1}')).toEqual([201, undefined])
      expect(await post({ ...JSON_TYPE, origin: 'https://evil.example' }, '{}')).toEqual([403, 'cross_site_request'])
      expect(await post({ 'content-type': 'application/x-www-form-urlencoded' }, 'a=1')).toEqual([415, 'unsupported_media_type'])
      // What the table of bodies says.
      expect(await post(JSON_TYPE, JSON.stringify('x'.repeat(102_400)))).toEqual([413, 'body_too_large'])
      expect(await post(JSON_TYPE, '{"__proto__":{}}')).toEqual([400, 'malformed_request'])

      const preflight = await fetch(`${api}/posts`, {
        method: 'OPTIONS',
        headers: { origin: 'http://localhost:5173', 'access-control-request-method': 'PUT' },
      })
      expect([preflight.status, preflight.headers.get('access-control-allow-methods')]).toEqual([
        204,
        'GET, POST, PUT, PATCH, DELETE, OPTIONS',
      ])
      expect((await fetch(`${api}/nowhere`)).status).toBe(404)
    },
    30_000,
  )
})
