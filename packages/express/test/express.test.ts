import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Principal } from '@wardstone/core'
import { ALLOW, jsonReply, principalKey, type HttpContext } from '@wardstone/http'
import { baseline, contextOf, endpoint, guard, principal, problems } from '@wardstone/express'
import express, { type Express, type Request } from 'express'
import express4 from 'express4'
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

async function serve(app: Express): Promise<string> {
  const server = app.listen(0, '127.0.0.1')
  servers.push(server)
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** An application between both halves. */
function between(routes: (app: Express) => void, report?: (error: unknown) => void): Express {
  const app = express()
  app.use(baseline())
  routes(app)
  app.use(problems({ report }))
  return app
}

/** The codes of Wardstone's warnings while something runs. */
async function warnings(run: () => Promise<unknown>): Promise<readonly unknown[]> {
  const emitted = vi.spyOn(process, 'emitWarning').mockReturnValue()
  await run()
  return emitted.mock.calls.map((call) => (call[1] as { readonly code?: unknown } | undefined)?.code)
}

test('X-Powered-By is gone', async () => {
  const url = await serve(between((app) => app.get('/', (_req, res) => void res.send('x'))))
  expect((await fetch(url)).headers.get('x-powered-by')).toBe(null)
})

test.each([
  [true, ['WARDSTONE_HOST_PROXY_SETTING', 'WARDSTONE_UNTRUSTED_PROXY']],
  [1, ['WARDSTONE_HOST_PROXY_SETTING', 'WARDSTONE_UNTRUSTED_PROXY']],
  ['loopback', ['WARDSTONE_HOST_PROXY_SETTING', 'WARDSTONE_UNTRUSTED_PROXY']],
  [false, ['WARDSTONE_UNTRUSTED_PROXY']],
])('[RATE-10] trust proxy %j is warned of once, and so is who trusts nobody: %j', async (setting, expected) => {
  const url = await serve(
    between((app) => {
      app.set('trust proxy', setting)
      app.get('/', (req, res) => void res.json(contextOf(req).ip))
    }),
  )
  const codes = await warnings(async () => {
    for (let i = 0; i < 3; i++) {
      const response = await fetch(url, { headers: { 'x-forwarded-for': '203.0.113.7' } })
      expect(await response.json()).toBe('127.0.0.1')
    }
  })
  expect(codes).toEqual(expected)
})

test('all that asks for the context of a request gets the same one', async () => {
  const seen = new Set<HttpContext>()
  const look = guard((ctx) => (seen.add(ctx), ALLOW))
  const url = await serve(between((app) => app.get('/', look, look, (req, res) => (seen.add(contextOf(req)), void res.end()))))
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
  const url = await serve(
    between((app) => {
      const who = (req: Request): string | undefined => principal<Claims>(req)?.claims.plan
      app.get('/nobody', (req, res) => void res.json({ plan: who(req) }))
      app.get(
        '/ana',
        guard((ctx) => (ctx.state.set(principalKey, ana), ALLOW)),
        (req, res) => void res.json({ plan: who(req) }),
      )
    }),
  )
  expect([await (await fetch(`${url}/nobody`)).json(), await (await fetch(`${url}/ana`)).json()]).toEqual([{}, { plan: 'free' }])
})

test('an error after the head is reported, and the response cut off', async () => {
  const reported: unknown[] = []
  const error = new Error('late')
  const url = await serve(
    between(
      (app) =>
        app.get('/', (_req, res) => {
          res.write('half')
          throw error
        }),
      (e) => reported.push(e),
    ),
  )
  await expect(fetch(url).then((response) => response.text())).rejects.toThrow()
  expect(reported).toEqual([error])
})

test('an error after the end of a response is reported and changes nothing', async () => {
  const reported: unknown[] = []
  const url = await serve(
    between(
      (app) =>
        app.get('/', (_req, res) => {
          res.end('whole')
          throw new Error('late')
        }),
      (e) => reported.push(e),
    ),
  )
  expect(await (await fetch(url)).text()).toBe('whole')
  await expect.poll(() => reported).toHaveLength(1)
})

test('without a reporter, a 500 is printed', async () => {
  const print = vi.spyOn(console, 'error').mockReturnValue()
  const error = new Error('inner')
  const app = express()
  app.use(baseline(), () => Promise.reject(error), problems())
  expect((await fetch(await serve(app))).status).toBe(500)
  expect(print.mock.calls).toEqual([[error]])
})

test('a reporter that throws does not keep the answer back', async () => {
  const report = (): never => {
    throw new Error('reporter')
  }
  const url = await serve(between((app) => app.get('/', () => Promise.reject(new Error('inner'))), report))
  expect((await fetch(url)).status).toBe(500)
})

test('what Express answers by itself has the headers of baseline', async () => {
  const url = await serve(
    between((app) => {
      app.use(
        '/api',
        express.Router().get('/posts', (_req, res) => void res.end()),
      )
    }),
  )
  const response = await fetch(`${url}/api/posts`, { method: 'OPTIONS' })
  expect([response.status, response.headers.get('allow')]).toEqual([200, 'GET, HEAD'])
  expect(response.headers.get('x-frame-options')).toBe('DENY')
})

test('[HTTP-4] an endpoint takes a body that the application has parsed, and still no form', async () => {
  const url = await serve(
    between((app) => {
      app.use(express.json(), express.urlencoded())
      app.post(
        '/',
        endpoint((_ctx, body) => jsonReply(200, body)),
      )
    }),
  )
  const json = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"a":1}' })
  expect(await json.json()).toEqual({ a: 1 })
  const form = await fetch(url, { method: 'POST', body: new URLSearchParams({ a: '1' }) })
  expect(form.status).toBe(415)
})

test("a wildcard's segments are one parameter, and a regular expression is no pattern", async () => {
  const tell = endpoint((ctx) => jsonReply(200, [ctx.route ?? null, ctx.param('rest') ?? null]))
  const url = await serve(between((app) => app.get('/files/*rest', tell).get(/^\/x+$/, tell)))
  expect(await (await fetch(`${url}/files/a/b%2Fc`)).json()).toEqual(['/files/*rest', 'a/b/c'])
  expect(await (await fetch(`${url}/xx`)).json()).toEqual([null, null])
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

/** Express 4, which neither awaits a handler nor takes its promise; its types do not fit those of 5. */
function onExpress4(routes: (app: Express) => void, report?: (error: unknown) => void): Express {
  const app = express4() as unknown as Express
  app.use(baseline())
  routes(app)
  app.use(problems({ report }))
  return app
}

test('Express 4: a guard or an endpoint that rejects is a 500, and no unhandled rejection', async () => {
  const reported: unknown[] = []
  const error = new Error('inner')
  const app = onExpress4(
    (routes) => {
      routes.get(
        '/guard',
        guard(() => Promise.reject(error)),
      )
      routes.get(
        '/endpoint',
        endpoint(() => Promise.reject(error)),
      )
    },
    (e) => reported.push(e),
  )
  const url = await serve(app)
  expect([(await fetch(`${url}/guard`)).status, (await fetch(`${url}/endpoint`)).status]).toEqual([500, 500])
  expect(reported).toEqual([error, error])
})

test('Express 4: a wildcard is a parameter by number, and trust proxy is warned of', async () => {
  const app = onExpress4((routes) =>
    routes.get(
      '/files/*',
      endpoint((ctx) => jsonReply(200, [ctx.route, ctx.param('0')])),
    ),
  )
  app.set('trust proxy', 1)
  const url = await serve(app)
  const codes = await warnings(async () => {
    expect(await (await fetch(`${url}/files/a/b`)).json()).toEqual(['/files/*', 'a/b'])
  })
  expect(codes).toEqual(['WARDSTONE_HOST_PROXY_SETTING'])
})

test.each([
  ['5', between, express],
  ['4', onExpress4, express4 as unknown as typeof express],
])('[HTTP-4] Express %s: what a parser makes of no body at all is none', async (_, application, framework) => {
  const app = application((routes) => {
    routes.use(framework.json())
    routes.post(
      '/',
      endpoint((_ctx, body) => jsonReply(200, { body: body ?? null })),
    )
  })
  const response = await fetch(await serve(app), { method: 'POST', headers: { 'content-type': 'application/json' } })
  expect(await response.json()).toEqual({ body: null })
})

test('a phrase that a handler chose does not stand beside another status', async () => {
  const app = between(
    (routes) =>
      routes.get('/', (_req, res) => {
        res.statusMessage = 'All Fine'
        throw new Error('inner')
      }),
    () => {},
  )
  expect((await fetch(await serve(app))).statusText).toBe('Internal Server Error')
})

test('without problems, Express answers an error as a page, and keeps the headers of baseline', async () => {
  vi.spyOn(console, 'error').mockReturnValue()
  for (const app of [express(), express4() as unknown as Express]) {
    app.use(baseline())
    app.get('/', () => {
      throw new Error('inner')
    })
    const { headers } = await fetch(await serve(app))
    expect([headers.get('content-type'), headers.get('x-frame-options')]).toEqual(['text/html; charset=utf-8', 'DENY'])
  }
})
