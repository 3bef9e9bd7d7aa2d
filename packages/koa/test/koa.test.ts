import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import Router from '@koa/router'
import type { Principal } from '@wardstone/core'
import { ALLOW, jsonReply, principalKey, type HttpContext } from '@wardstone/http'
import { baseline, contextOf, endpoint, guard, principal, problems } from '@wardstone/koa'
import Koa, { type Context } from 'koa'
import { afterEach, expect, test, vi } from 'vitest'

const servers: Server[] = []
afterEach(async () => {
  vi.restoreAllMocks()
  for (const server of servers.splice(0)) {
    server.close()
    server.closeAllConnections()
    await once(server, 'close')
  }
})

async function serve(app: { callback(): RequestListener }): Promise<string> {
  const server = createServer(app.callback()).listen(0, '127.0.0.1')
  servers.push(server)
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** An application with both halves. */
function wardstone(report?: (error: unknown) => void): Koa {
  const app = new Koa()
  app.use(baseline())
  app.use(problems({ report }))
  return app
}

/** The codes of Wardstone's warnings while something runs. */
async function warnings(run: () => Promise<unknown>): Promise<readonly unknown[]> {
  const emitted = vi.spyOn(process, 'emitWarning').mockReturnValue()
  await run()
  return emitted.mock.calls.map((call) => (call[1] as { readonly code?: unknown } | undefined)?.code)
}

test.each([
  [true, ['WARDSTONE_HOST_PROXY_SETTING', 'WARDSTONE_UNTRUSTED_PROXY']],
  [false, ['WARDSTONE_UNTRUSTED_PROXY']],
])('[RATE-10] proxy %j is warned of once, and so is who trusts nobody: %j', async (proxy, expected) => {
  const app = wardstone()
  app.proxy = proxy
  app.use((ctx) => void (ctx.body = { ip: contextOf(ctx).ip }))
  const url = await serve(app)
  const codes = await warnings(async () => {
    for (let i = 0; i < 3; i++) {
      const response = await fetch(url, { headers: { 'x-forwarded-for': '203.0.113.7' } })
      expect(await response.json()).toEqual({ ip: '127.0.0.1' })
    }
  })
  expect(codes).toEqual(expected)
})

test('all that asks for the context of a request gets the same one', async () => {
  const seen = new Set<HttpContext>()
  const look = guard((ctx) => (seen.add(ctx), ALLOW))
  const app = wardstone()
  app.use(look)
  app.use(look)
  app.use((ctx) => (seen.add(contextOf(ctx)), void (ctx.body = 'x')))
  const url = await serve(app)
  await fetch(url)
  expect(seen.size).toBe(1)
  await fetch(url)
  expect(seen.size).toBe(2)
})

test('principal tells whom a guard has found, with the claims as typed', async () => {
  interface Claims {
    readonly plan: string
  }
  const ana: Principal<Claims> = { id: 'ana', roles: ['user'], claims: { plan: 'free' } }
  const who = (ctx: Context): void => void (ctx.body = { plan: principal<Claims>(ctx)?.claims.plan })
  const router = new Router()
  const found = guard((ctx) => (ctx.state.set(principalKey, ana), ALLOW))
  router.get('/nobody', who).get('/ana', found, who)
  const url = await serve(wardstone().use(router.routes()))
  expect([await (await fetch(`${url}/nobody`)).json(), await (await fetch(`${url}/ana`)).json()]).toEqual([{}, { plan: 'free' }])
})

test('middleware that stands around sees the reply of an endpoint or a guard, and may still add headers', async () => {
  const seen: unknown[] = []
  const app = wardstone()
  app.use(async (ctx, next) => {
    await next()
    seen.push(ctx.status, String(ctx.body))
    ctx.set('X-Response-Time', '1ms')
  })
  const router = new Router()
  router.get(
    '/',
    endpoint(() => jsonReply(201, {})),
  )
  router.get(
    '/refused',
    guard(() => ({ ok: false, reply: { status: 403, body: 'no' } })),
  )
  const url = await serve(app.use(router.routes()))
  for (const path of ['/', '/refused']) expect((await fetch(url + path)).headers.get('x-response-time')).toBe('1ms')
  expect(seen).toEqual([201, '{}', 403, 'no'])
})

test('without problems, Koa answers an error by itself, and drops every header: which is why it is there', async () => {
  const app = new Koa()
  app.silent = true
  app.use(baseline())
  app.use(() => Promise.reject(new Error('inner')))
  const response = await fetch(await serve(app))
  expect([response.status, response.headers.get('content-type')]).toEqual([500, 'text/plain; charset=utf-8'])
  expect(response.headers.get('x-frame-options')).toBe(null)
})

test("Koa's own refusals and empty answers: ctx.throw keeps its status, an empty 404 is a problem, other statuses are left alone", async () => {
  const router = new Router()
  router.get('/throw', (ctx) => ctx.throw(409, 'the secret'))
  router.get('/missing', (ctx) => void (ctx.status = 404))
  router.get('/own', (ctx) => void ((ctx.status = 404), (ctx.body = 'mine')))
  router.get('/teapot', (ctx) => void (ctx.status = 418))
  const url = await serve(wardstone().use(router.routes()))
  const ask = async (path: string): Promise<unknown> => {
    const response = await fetch(url + path)
    const text = await response.text()
    const isProblem = response.headers.get('content-type') === 'application/problem+json'
    return [response.status, isProblem ? (JSON.parse(text) as { readonly code: string }).code : text]
  }
  expect(await ask('/throw')).toEqual([409, 'request_refused'])
  expect(await ask('/missing')).toEqual([404, 'not_found'])
  expect(await ask('/own')).toEqual([404, 'mine'])
  expect(await ask('/teapot')).toEqual([418, "I'm a Teapot"])
})

test('a handler that answers by itself, past Koa, is left alone', async () => {
  const app = wardstone()
  app.use((ctx) => {
    ctx.respond = false
    ctx.res.writeHead(200, { 'content-type': 'text/event-stream' }).end('data: x\n\n')
  })
  const response = await fetch(await serve(app))
  expect([await response.text(), response.headers.get('x-frame-options')]).toEqual(['data: x\n\n', 'DENY'])
})

test("without a reporter, a 500 goes to the application's error event, always as an error", async () => {
  const emitted: unknown[] = []
  const app = wardstone()
  app.on('error', (error, ctx: Context) => emitted.push(error, ctx.path))
  const inner = new Error('inner')
  app.use((ctx) => Promise.reject(ctx.path === '/text' ? 'no error' : inner))
  const url = await serve(app)
  expect([(await fetch(`${url}/error`)).status, (await fetch(`${url}/text`)).status]).toEqual([500, 500])
  expect(emitted).toEqual([inner, '/error', expect.objectContaining({ cause: 'no error' }), '/text'])
})

test('an error after the head is reported once, and the response cut off', async () => {
  const reported: unknown[] = []
  const app = wardstone((error) => reported.push(error))
  const late = new Error('late')
  app.use((ctx) => {
    ctx.respond = false
    ctx.res.write('half')
    throw late
  })
  await expect(fetch(await serve(app)).then((response) => response.text())).rejects.toThrow()
  expect(reported).toEqual([late])
})

test('a stream that fails before the head is reported once, and the connection cut: Koa leaves no answer', async () => {
  const reported: unknown[] = []
  const app = wardstone((error) => reported.push(error))
  const early = new Error('early')
  app.use((ctx) => void (ctx.body = new Readable({ read: () => void ctx.body.destroy(early) })))
  await expect(fetch(await serve(app))).rejects.toThrow('fetch failed')
  expect(reported).toEqual([early])
})

test('a method that no route has is text of Koa with Allow, or, if the router throws, a problem without it', async () => {
  const ask = async (throws: boolean): Promise<unknown> => {
    const router = new Router().get('/', (ctx) => void (ctx.body = 'x'))
    const app = wardstone().use(router.routes())
    const response = await fetch(await serve(app.use(router.allowedMethods({ throw: throws }))), { method: 'POST' })
    return [response.status, response.headers.get('content-type'), response.headers.get('allow')]
  }
  expect(await ask(false)).toEqual([405, 'text/plain; charset=utf-8', 'HEAD, GET'])
  expect(await ask(true)).toEqual([405, 'application/problem+json', null])
})

test('what ctx.throw says to the client beside the status is passed on', async () => {
  const app = wardstone()
  app.use((ctx) => ctx.throw(429, 'slow', { headers: { 'Retry-After': 7, 'X-Inner': '1' } }))
  const { status, headers } = await fetch(await serve(app))
  expect([status, headers.get('retry-after'), headers.get('x-inner')]).toEqual([429, '7', null])
})

test('an error that only looks as if the client had gone is a 500, and reported', async () => {
  const reported: unknown[] = []
  const app = wardstone((error) => reported.push(error))
  const errors = ['ECONNRESET', 'ERR_STREAM_PREMATURE_CLOSE'].map((code) => Object.assign(new Error('of a database'), { code }))
  app.use((ctx) => Promise.reject(errors[Number(ctx.path.slice(1))]))
  const url = await serve(app)
  expect([(await fetch(`${url}/0`)).status, (await fetch(`${url}/1`)).status]).toEqual([500, 500])
  expect(reported).toEqual(errors)
})

test('a type that a guard has set stays on a reply without a body', async () => {
  const router = new Router()
  const typed = guard(() => ({ ok: true, headers: [['content-type', 'text/plain']] }))
  router.get(
    '/',
    typed,
    endpoint(() => ({ status: 401 })),
  )
  const { headers } = await fetch(await serve(wardstone().use(router.routes())))
  expect([headers.get('content-type'), headers.get('content-length')]).toEqual(['text/plain', '0'])
})

test('[HTTP-4] an endpoint takes a body that the application has parsed, and none where none was sent', async () => {
  const app = wardstone()
  app.use(async (ctx, next) => {
    const chunks = await Readable.from(ctx.req).toArray()
    Object.assign(ctx.request, { body: chunks.length === 0 ? {} : JSON.parse(Buffer.concat(chunks).toString()) })
    await next()
  })
  app.use(endpoint((_ctx, body) => jsonReply(200, { body: body ?? null })))
  const url = await serve(app)
  const headers = { 'content-type': 'application/json' }
  expect(await (await fetch(url, { method: 'POST', headers, body: '{"a":1}' })).json()).toEqual({ body: { a: 1 } })
  expect(await (await fetch(url, { method: 'POST', headers })).json()).toEqual({ body: null })
})

test('without a router there is no route and no parameter, and a regular expression is no pattern', async () => {
  const tell = endpoint((ctx) => jsonReply(200, [ctx.route ?? null, ctx.param('id') ?? null]))
  const router = new Router()
  router.get(/^\/x+$/, tell)
  const url = await serve(wardstone().use(router.routes()).use(tell))
  expect(await (await fetch(`${url}/xx`)).json()).toEqual([null, null])
  expect(await (await fetch(`${url}/other`)).json()).toEqual([null, null])
})

test('a path is whole below a middleware that has shortened it', async () => {
  const app = wardstone()
  app.use((ctx, next) => {
    ctx.path = ctx.path.replace('/api', '')
    return next()
  })
  app.use(endpoint((ctx) => jsonReply(200, { path: ctx.path })))
  expect(await (await fetch(`${await serve(app)}/api/posts?x=1`)).json()).toEqual({ path: '/api/posts' })
})

test.each([{ bodyLimit: 0 }, { bodyLimit: '100kb' }, { limit: 1 }])('an endpoint does not start with %j', (options) => {
  expect(() => endpoint(() => jsonReply(200, {}), options as object)).toThrow(/^endpoint: /)
})

test('problems does not start with a reporter that cannot be called', () => {
  expect(() => problems({ report: 'console' } as object)).toThrow(/^problems: report: expected a function/)
})
