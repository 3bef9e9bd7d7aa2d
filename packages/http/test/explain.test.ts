import { ALLOW, baseline, deny, explain, runner, type Guard, type HttpContext } from '@wardstone/http'
import { expect, test } from 'vitest'
import { context } from './context.ts'

async function explained(ctx: HttpContext, ...guards: readonly Guard[]) {
  await runner(guards)(ctx)
  return explain(ctx)
}

const base = baseline({
  cors: { origins: ['https://app.example.com'] },
  bodyLimit: 10,
  publicOrigins: ['https://api.example.com'],
})

test('[HTTP-3] the rule that refused is named, with what in the request broke it', async () => {
  const headers = { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }
  const why = await explained(context({ method: 'POST', headers }), base)
  expect(why).toMatchObject({ code: 'cross_site_request', status: 403 })
  expect(why?.why).toMatch(/Sec-Fetch-Site says "cross-site".*"https:\/\/evil\.example".*csrf\.trustedOrigins/)
})

test('[HTTP-2] [HTTP-4] each part says its own reason', async () => {
  const preflight = { origin: 'https://evil.example', 'access-control-request-method': 'PUT' }
  expect(await explained(context({ method: 'OPTIONS', headers: preflight }), base)).toMatchObject({ code: 'cors_origin_refused' })
  expect(await explained(context({ method: 'PUT', headers: { 'content-length': '11' } }), base)).toMatchObject({
    code: 'body_too_large',
    why: expect.stringContaining('11') as string,
  })
})

test('a guard’s own refusal is told, the first one, also when it comes late', async () => {
  const late: Guard = async (ctx) => deny(ctx, { status: 403, code: 'not_today' }, 'it is Sunday')
  expect(await explained(context(), base, late, (ctx) => deny(ctx, { status: 403, code: 'never_asked' }))).toEqual({
    code: 'not_today',
    status: 403,
    why: 'it is Sunday',
  })
})

test.each<[string, HttpContext, Guard]>([
  ['a request that passes', context(), () => ALLOW],
  [
    'a preflight that is granted',
    context({ method: 'OPTIONS', headers: { origin: 'https://app.example.com', 'access-control-request-method': 'PUT' } }),
    () => ALLOW,
  ],
  ['a redirect', context(), () => ({ ok: false, reply: { status: 308 } })],
])('there is nothing to explain about %s', async (_, ctx, guard) => {
  expect(await explained(ctx, base, guard)).toBeUndefined()
})

test('what is explained is never sent', () => {
  const decision = base(context({ method: 'POST', headers: { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' } }))
  expect(JSON.stringify((decision as { reply: unknown }).reply)).not.toMatch(/evil|trustedOrigins/)
})
