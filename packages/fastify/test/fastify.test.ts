import type { AddressInfo } from 'node:net'
import { Writable } from 'node:stream'
import type { Principal } from '@wardstone/core'
import { ALLOW, jsonReply, principalKey, type HttpContext } from '@wardstone/http'
import { baseline, contextOf, endpoint, frameworkErrors, guard, principal, problems } from '@wardstone/fastify'
import { fastify, type FastifyInstance, type FastifyServerOptions } from 'fastify'
import { afterEach, expect, test, vi } from 'vitest'

const apps: FastifyInstance[] = []
afterEach(async () => {
  vi.restoreAllMocks()
  for (const app of apps.splice(0)) await app.close()
})

/** An application with both halves. */
function wardstone(options: FastifyServerOptions = {}, report?: (error: unknown) => void): FastifyInstance {
  const app = fastify({ forceCloseConnections: true, ...options })
  apps.push(app)
  app.register(baseline())
  app.register(problems({ report }))
  return app
}

async function serve(app: FastifyInstance): Promise<string> {
  await app.listen({ port: 0, host: '127.0.0.1' })
  return `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`
}

/** The codes of Wardstone's warnings while something runs. */
async function warnings(run: () => Promise<unknown>): Promise<readonly unknown[]> {
  const emitted = vi.spyOn(process, 'emitWarning').mockReturnValue()
  await run()
  return emitted.mock.calls.map((call) => (call[1] as { readonly code?: unknown } | undefined)?.code)
}

test.each([
  [true, ['WARDSTONE_HOST_PROXY_SETTING', 'WARDSTONE_UNTRUSTED_PROXY']],
  ['127.0.0.1', ['WARDSTONE_HOST_PROXY_SETTING', 'WARDSTONE_UNTRUSTED_PROXY']],
  [false, ['WARDSTONE_UNTRUSTED_PROXY']],
])('[RATE-10] trustProxy %j is warned of once, and so is who trusts nobody: %j', async (trustProxy, expected) => {
  const app = wardstone({ trustProxy })
  app.get('/', (request) => ({ ip: contextOf(request).ip }))
  const url = await serve(app)
  const codes = await warnings(async () => {
    for (let i = 0; i < 3; i++) {
      const response = await fetch(url, { headers: { 'x-forwarded-for': '203.0.113.7' } })
      expect(await response.json()).toEqual({ ip: '127.0.0.1' })
    }
  })
  expect(codes).toEqual(expected)
})

test.each<[FastifyServerOptions, readonly string[]]>([
  [{ frameworkErrors: frameworkErrors() }, ['WARDSTONE_NO_REQUEST_TIMEOUT']],
  [{ frameworkErrors: frameworkErrors(), requestTimeout: 300_000 }, []],
  [{ requestTimeout: 300_000 }, ['WARDSTONE_NO_FRAMEWORK_ERRORS']],
])('[HTTP-4] [HTTP-1] options of the server that are missing are warned of: %j, %j', async (options, expected) => {
  expect(await warnings(async () => wardstone(options).ready())).toEqual(expected)
})

test('[HTTP-1] a server without frameworkErrors is known from within a plugin, too', async () => {
  const app = fastify({ requestTimeout: 300_000 })
  apps.push(app)
  app.register(async (child) => void child.register(baseline()))
  expect(await warnings(async () => app.ready())).toEqual(['WARDSTONE_NO_FRAMEWORK_ERRORS'])
})

test("Fastify's hooks and plugins see every header, may replace it, and add cookies", async () => {
  const app = wardstone()
  const seen: unknown[] = []
  app.addHook('onSend', async (_request, reply, payload) => {
    seen.push(
      reply.getHeader('x-frame-options'),
      reply.getHeaders()['x-checked'],
      String(reply.getHeader('set-cookie')),
      String(payload),
    )
    reply.header('x-frame-options', 'SAMEORIGIN').header('set-cookie', 'c=3')
  })
  const checked = guard(() => ({
    ok: true,
    headers: [
      ['x-checked', '1'],
      ['set-cookie', 'a=1'],
      ['set-cookie', 'b=2'],
    ],
  }))
  app.get('/', { onRequest: checked, ...endpoint(() => jsonReply(200, {})) })
  const response = await fetch(await serve(app))
  expect(seen).toEqual(['DENY', '1', 'a=1,b=2', '{}'])
  expect(response.headers.get('x-frame-options')).toBe('SAMEORIGIN')
  expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2', 'c=3'])
})

test('a guard replaces what an earlier hook has set', async () => {
  const app = wardstone()
  const before = async (_request: unknown, reply: { header(name: string, value: string): unknown }): Promise<void> => {
    reply.header('x-who', 'hook')
  }
  const after = guard(() => ({ ok: true, headers: [['x-who', 'guard']] }))
  app.get('/', { onRequest: [before, after] }, () => ({}))
  expect((await fetch(await serve(app))).headers.get('x-who')).toBe('guard')
})

test('a handler that takes over the raw response still sends the headers and cookies of the guards', async () => {
  const app = wardstone()
  const checked = guard(() => ({
    ok: true,
    headers: [
      ['set-cookie', 'a=1'],
      ['set-cookie', 'b=2'],
    ],
  }))
  app.get('/events', { onRequest: checked }, (_request, reply) => {
    reply.hijack()
    reply.raw.writeHead(200, { 'content-type': 'text/event-stream' }).end('data: x\n\n')
  })
  const { headers } = await fetch(`${await serve(app)}/events`)
  expect([headers.get('content-type'), headers.get('x-frame-options')]).toEqual(['text/event-stream', 'DENY'])
  expect(headers.getSetCookie()).toEqual(['a=1', 'b=2'])
})

test('a reply that has no body and one that is a problem go through the log of requests', async () => {
  const lines: Array<{ readonly res?: { readonly statusCode: number } }> = []
  const stream = new Writable({
    write(chunk, _encoding, done) {
      lines.push(JSON.parse(String(chunk)) as (typeof lines)[number])
      done()
    },
  })
  const app = wardstone({ logger: { stream } })
  app.get(
    '/',
    endpoint(() => ({ status: 204 })),
  )
  const url = await serve(app)
  await fetch(url)
  await fetch(`${url}/nowhere`)
  await expect.poll(() => lines.flatMap((line) => line.res?.statusCode ?? [])).toEqual([204, 404])
})

test("without a reporter, a 500 goes to the request's log", async () => {
  const lines: Array<{ readonly level: number; readonly err?: { readonly message: string } }> = []
  const stream = new Writable({
    write(chunk, _encoding, done) {
      lines.push(JSON.parse(String(chunk)) as (typeof lines)[number])
      done()
    },
  })
  const app = wardstone({ logger: { stream, level: 'error' } })
  app.get('/', () => Promise.reject(new Error('inner')))
  expect((await fetch(await serve(app))).status).toBe(500)
  expect(lines).toMatchObject([{ level: 50, err: { message: 'inner' } }])
})

test('all that asks for the context of a request gets the same one', async () => {
  const seen = new Set<HttpContext>()
  const look = guard((ctx) => (seen.add(ctx), ALLOW))
  const app = wardstone()
  app.get('/', { onRequest: [look, look] }, (request) => (seen.add(contextOf(request)), {}))
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
  const app = wardstone()
  app.get('/nobody', (request) => ({ plan: principal<Claims>(request)?.claims.plan }))
  app.get('/ana', { onRequest: guard((ctx) => (ctx.state.set(principalKey, ana), ALLOW)) }, (request) => ({
    plan: principal<Claims>(request)?.claims.plan,
  }))
  const url = await serve(app)
  expect([await (await fetch(`${url}/nobody`)).json(), await (await fetch(`${url}/ana`)).json()]).toEqual([{}, { plan: 'free' }])
})

test('an error after the head is reported, and the response cut off', async () => {
  const reported: unknown[] = []
  const app = wardstone({}, (error) => reported.push(error))
  const late = new Error('late')
  app.get('/', async (_request, reply) => {
    reply.raw.write('half')
    throw late
  })
  const url = await serve(app)
  await expect(fetch(url).then((response) => response.text())).rejects.toThrow()
  expect(reported).toEqual([late])
})

test('a reporter that throws does not keep the answer back', async () => {
  const app = wardstone({}, () => {
    throw new Error('reporter')
  })
  app.get('/', () => Promise.reject(new Error('inner')))
  expect((await fetch(await serve(app))).status).toBe(500)
})

test('children of the instance are covered, errors and 404 included', async () => {
  const app = wardstone({}, () => {})
  app.register(
    async (child) => {
      child.get('/broken', () => Promise.reject(new Error('inner')))
    },
    { prefix: '/child' },
  )
  const url = await serve(app)
  for (const [path, status] of [
    ['/child/broken', 500],
    ['/child/nowhere', 404],
  ] as const) {
    const response = await fetch(url + path)
    expect([response.status, response.headers.get('content-type')]).toEqual([status, 'application/problem+json'])
    expect(response.headers.get('x-frame-options')).toBe('DENY')
  }
})

test('a 404 handler that a child has of its own is left alone', async () => {
  const app = wardstone()
  app.register(
    async (child) => {
      child.setNotFoundHandler((_request, reply) => reply.code(404).send({ own: true }))
    },
    { prefix: '/child' },
  )
  expect(await (await fetch(`${await serve(app)}/child/nowhere`)).json()).toEqual({ own: true })
})

test('what Fastify refuses before it has a route is a problem like any other', async () => {
  const app = wardstone({
    frameworkErrors: frameworkErrors({ headers: { csp: { directives: { 'frame-ancestors': ["'self'"] } } } }),
  })
  app.get('/posts/:id', () => ({}))
  const response = await fetch(`${await serve(app)}/posts/${'x'.repeat(200)}`)
  expect([response.status, response.headers.get('x-frame-options')]).toEqual([414, 'SAMEORIGIN'])
  expect(await response.json()).toMatchObject({ code: 'uri_too_long', requestId: response.headers.get('x-request-id') })
})

test("a body that Fastify's own parser refuses, on a route of its own, is a problem too", async () => {
  const app = wardstone({ bodyLimit: 10 })
  app.post('/', () => ({}))
  const url = await serve(app)
  const send = async (type: string, body: string): Promise<unknown> => {
    const response = await fetch(url, { method: 'POST', headers: { 'content-type': type }, body })
    return ((await response.json()) as { readonly code: unknown }).code
  }
  expect(await send('application/json', '{"a"')).toBe('malformed_request')
  expect(await send('application/json', '"0123456789"')).toBe('body_too_large')
  expect(await send('image/png', 'x')).toBe('unsupported_media_type')
})

test.each([{ bodyLimit: 0 }, { bodyLimit: 1.5 }, { bodyLimit: '100kb' }, { limit: 1 }])(
  'an endpoint does not start with %j',
  (options) => {
    expect(() => endpoint(() => jsonReply(200, {}), options as object)).toThrow(/^endpoint: /)
  },
)

test('problems does not start with a reporter that cannot be called', () => {
  expect(() => problems({ report: 'console' } as object)).toThrow(/^problems: report: expected a function/)
})
