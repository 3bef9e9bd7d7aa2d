import { AsyncLocalStorage } from 'node:async_hooks'
import { setTimeout as after } from 'node:timers/promises'
import { ConfigurationError } from '@wardstone/core'
import {
  baseline,
  clientFacts,
  inContext,
  jsonReply,
  type BaselineOptions,
  type Endpoint,
  type Guard,
  type HttpContext,
} from '@wardstone/http'
import { Probe, RawClient, type HttpRoute } from '@wardstone/testkit/http'
import { describe, expect, test } from 'vitest'
import { express4Host, expressHost } from '../../express/test/host.ts'
import { fastifyHost } from '../../fastify/test/host.ts'
import { koaHost } from '../../koa/test/host.ts'
import { context } from './context.ts'
import { nodeHost } from './hosts/node.ts'
import { webHost } from './hosts/web.ts'

const storage = new AsyncLocalStorage<HttpContext>()

/** What a function that was given nothing finds of the request that it works for. */
const found = (): string | undefined => storage.getStore()?.header('x-name')

const json = (path: string, name: string, body = ''): string =>
  [
    `POST ${path} HTTP/1.1`,
    'Host: app.test',
    `X-Name: ${name}`,
    'Content-Type: application/json',
    `Content-Length: ${body.length}`,
    '',
    body,
  ].join('\r\n')

describe.each([nodeHost, expressHost, express4Host, fastifyHost, koaHost, webHost])('$name', (host) => {
  async function running(routes: readonly HttpRoute[], report: (error: unknown, ctx: HttpContext) => void = () => {}) {
    // Sent from no browser, and to no page.
    const options: BaselineOptions = { context: storage, trustedProxies: [], headers: { preset: 'api' } }
    return host.start({ baseline: options, routes, report })
  }

  test('[HTTP-5] a guard, an endpoint, what they wait for, and the hook at the end find their request', async () => {
    const probe = new Probe()
    const watch: Guard = async (ctx) => {
      probe.note(`guard ${found()}`)
      await after(1)
      return {
        ok: true,
        head() {
          probe.note(`head ${found()}`)
          return undefined
        },
        closed: () => probe.note(`closed ${storage.getStore() === ctx}`),
      }
    }
    const answer: Endpoint = async (ctx, body) => {
      const seen = [found()]
      await after(1)
      seen.push(found())
      await new Promise<void>((resolve) => setImmediate(() => (seen.push(found()), resolve())))
      return jsonReply(200, {
        seen,
        same: storage.getStore() === ctx,
        id: clientFacts(storage.getStore() as HttpContext).requestId,
        body,
      })
    }
    const server = await running([{ method: 'POST', path: '/', guards: [watch], answer: { endpoint: answer } }])
    try {
      const response = await fetch(`http://127.0.0.1:${server.port}/`, {
        method: 'POST',
        headers: { 'x-name': 'ana', 'content-type': 'application/json' },
        body: '{"a":1}',
      })
      const id = response.headers.get('x-request-id')
      expect(await response.json()).toEqual({ seen: ['ana', 'ana', 'ana'], same: true, id, body: { a: 1 } })
      await probe.until('closed true')
      expect(probe.notes).toEqual(['guard ana', 'head ana', 'closed true'])
    } finally {
      await server.close()
    }
    expect(storage.getStore()).toBeUndefined()
  })

  test('[HTTP-5] who reports an error finds the request that failed', async () => {
    const reported: unknown[] = []
    const server = await running(
      [{ method: 'GET', path: '/', answer: { throws: new Error('no'), header: ['x-a', 'b'] } }],
      (_, ctx) => reported.push(found(), storage.getStore() === ctx),
    )
    try {
      expect((await fetch(`http://127.0.0.1:${server.port}/`, { headers: { 'x-name': 'ana' } })).status).toBe(500)
      expect(reported).toEqual(['ana', true])
    } finally {
      await server.close()
    }
  })

  test('[HTTP-5] requests side by side, and one after another on one connection, never find each other', async () => {
    const answer: Endpoint = async (ctx, body) => {
      const before = found()
      await after((body as { readonly wait: number }).wait)
      return jsonReply(200, { name: ctx.header('x-name'), before, after: found() })
    }
    const server = await running([{ method: 'POST', path: '/', answer: { endpoint: answer } }])
    try {
      const names = Array.from({ length: 40 }, (_, i) => `n${i}`)
      const answers = await Promise.all(
        names.map(async (name, i) => {
          const headers = { 'x-name': name, 'content-type': 'application/json' }
          const body = JSON.stringify({ wait: (i * 7) % 11 })
          return (await fetch(`http://127.0.0.1:${server.port}/`, { method: 'POST', headers, body })).json()
        }),
      )
      expect(answers).toEqual(names.map((name) => ({ name, before: name, after: name })))

      // Pipelined: the second request is read while the first one is being answered.
      const client = new RawClient(server.port)
      for (const [i, name] of ['p0', 'p1', 'p2', 'p3', 'p4', 'p5'].entries())
        client.send(json('/', name, JSON.stringify({ wait: 5 - i })))
      await client.until('"after":"p5"}')
      const said = [...client.received.matchAll(/"name":"(\w+)","before":"(\w+)","after":"(\w+)"/g)].map(([, ...all]) => all)
      expect(said).toEqual(['p0', 'p1', 'p2', 'p3', 'p4', 'p5'].map((name) => [name, name, name]))
      await client.leave()
    } finally {
      await server.close()
    }
  })

  test('[HTTP-5] without a storage nothing is kept', async () => {
    const routes: readonly HttpRoute[] = [
      { method: 'GET', path: '/', answer: { endpoint: () => jsonReply(200, { found: found() ?? null }) } },
    ]
    const server = await host.start({ baseline: { trustedProxies: [] }, routes, report: () => {} })
    try {
      expect(await (await fetch(`http://127.0.0.1:${server.port}/`, { headers: { 'x-name': 'ana' } })).json()).toEqual({
        found: null,
      })
    } finally {
      await server.close()
    }
  })
})

test('[HTTP-5] inContext runs in the storage of the request, once, and hands back what it was given', async () => {
  const ctx = context({ headers: { 'x-name': 'ana' } })
  expect(inContext(ctx, found)).toBeUndefined()
  await baseline({ context: storage })(ctx)
  expect(inContext(ctx, found)).toBe('ana')
  const other = context({ headers: { 'x-name': 'ben' } })
  await baseline({ context: storage })(other)
  expect(storage.run(ctx, () => [inContext(other, found), found()])).toEqual(['ben', 'ana'])
  expect(found()).toBeUndefined()
})

test.each([{}, new Map(), 'storage', { run: true, getStore: true }])('[HTTP-5] %j is no storage', (given) => {
  expect(() => baseline({ context: given } as unknown as BaselineOptions)).toThrow(ConfigurationError)
})
