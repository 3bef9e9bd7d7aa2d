import { once } from 'node:events'
import {
  connect,
  constants,
  createServer,
  type ClientHttp2Stream,
  type IncomingHttpHeaders,
  type IncomingHttpStatusHeader,
} from 'node:http2'
import type { AddressInfo, Server } from 'node:net'
import { text } from 'node:stream/consumers'
import { jsonReply, type Endpoint, type Guard } from '@wardstone/http'
import { endpoint, guard, listener } from '@wardstone/http/node'
import * as onFastify from '@wardstone/fastify'
import * as onKoa from '@wardstone/koa'
import { jsonBody } from '@wardstone/koa/body'
import { fastify } from 'fastify'
import Koa from 'koa'
import { describe, expect, onTestFinished, test } from 'vitest'

interface App {
  readonly guarded: Guard
  /** Answers `/`. */
  readonly answer: Endpoint
  readonly report: (error: unknown) => void
}

async function listening(server: Pick<Server, 'listen' | 'close' | 'address' | 'listening' | 'once'>): Promise<number> {
  if (!server.listening) await once(server.listen(0, '127.0.0.1') as Server, 'listening')
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
}

/** `/` is an endpoint; `/parsed`, where a host has it, tells what its parser made of the body. */
const hosts: Record<string, (app: App) => Promise<number>> = {
  'node:http2': ({ guarded, answer, report }) =>
    listening(createServer(listener([guard(guarded), endpoint(answer, { bodyLimit: 64 })], { problems: { report } }) as never)),
  Koa: ({ guarded, answer, report }) => {
    const app = new Koa()
    app.use(onKoa.baseline()).use(onKoa.problems({ report })).use(onKoa.guard(guarded))
    const [parse, rest] = [jsonBody({ limit: 64 }), onKoa.endpoint(answer, { bodyLimit: 64 })]
    app.use((ctx, next) =>
      ctx.path === '/parsed' ? parse(ctx, async () => void (ctx.body = told(ctx.request.body))) : rest(ctx, next),
    )
    return listening(createServer(app.callback() as never))
  },
  Fastify: async ({ guarded, answer, report }) => {
    const app = fastify({ http2: true, requestTimeout: 60_000, forceCloseConnections: true } as never)
    app.register(onFastify.baseline()).register(onFastify.problems({ report }))
    app.register(async (routes) => {
      routes.addHook('onRequest', onFastify.guard(guarded))
      routes.route({ method: ['GET', 'POST'], url: '/', ...onFastify.endpoint(answer, { bodyLimit: 64 }) })
      await routes.register(async (parsing) => {
        parsing.register(onFastify.jsonBody({ limit: 64 }))
        parsing.post('/parsed', async (request) => told(request.body))
      })
    })
    await app.listen({ port: 0, host: '127.0.0.1' })
    onTestFinished(() => app.close())
    return (app.server.address() as AddressInfo).port
  },
}

const told = (body: unknown): unknown => ({ body: body ?? null })
const echo: Endpoint = (_ctx, body) => jsonReply(200, told(body))
const pass: Guard = () => ({ ok: true })

/** A stream of a session of its own. */
async function opened(port: number, headers: Record<string, string>): Promise<ClientHttp2Stream> {
  const session = connect(`http://127.0.0.1:${port}`)
  session.on('error', () => {})
  onTestFinished(() => session.destroy())
  await once(session, 'connect')
  return session.request({ ':method': 'POST', ':path': '/', ...headers }, { endStream: false }).on('error', () => {})
}

async function asked(port: number, headers: Record<string, string>, body = '') {
  const stream = await opened(port, headers)
  stream.end(body)
  const [head] = (await once(stream, 'response')) as [IncomingHttpHeaders & IncomingHttpStatusHeader]
  return {
    head,
    status: head[':status'],
    body: JSON.parse(await text(stream)) as { readonly code?: string; readonly body?: unknown },
  }
}

/** The client takes its request back, and the server has read of it: it has answered what came after. */
async function cancelled(stream: ClientHttp2Stream): Promise<void> {
  const session = stream.session!
  stream.close(constants.NGHTTP2_CANCEL)
  await new Promise<void>((resolve) => session.ping(() => resolve()))
}

const JSON_TYPE = { 'content-type': 'application/json' }

describe.each(Object.entries(hosts))('[HTTP-7] over HTTP/2, on %s', (name, start) => {
  const paths = name === 'node:http2' ? ['/'] : ['/', '/parsed']

  test.each(paths)('[HTTP-4] a body that no header announces is one: %s', async (path) => {
    const port = await start({ guarded: pass, answer: echo, report: () => {} })
    const send = (headers: Record<string, string>, body?: string) => asked(port, { ':path': path, ...headers }, body)
    expect((await send(JSON_TYPE, '{"a":1}')).body).toEqual({ body: { a: 1 } })
    expect((await send({ 'content-type': 'text/plain' }, '{"a":1}')).body.code).toBe('unsupported_media_type')
    expect((await send({}, '{"a":1}')).body.code).toBe('unsupported_media_type')
    expect((await send(JSON_TYPE, JSON.stringify('x'.repeat(64)))).body.code).toBe('body_too_large')
    // Many clients end a stream by an empty frame.
    expect((await send({})).body).toEqual({ body: null })
    expect((await send(JSON_TYPE)).body).toEqual({ body: null })
    expect((await send({ ...JSON_TYPE, 'content-length': '7' }, '{"a":1}')).body).toEqual({ body: { a: 1 } })
  })

  test.each([false, true])('closed tells of a client that went away, also while a guard was thinking: %j', async (late) => {
    const [ends, arrived, gone] = [[] as unknown[], Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const closed = Promise.withResolvers<void>()
    const decision = {
      ok: true,
      headers: [['x-late', '1']],
      closed: (end: unknown) => {
        ends.push(end)
        closed.resolve()
      },
    } as const
    const reported: unknown[] = []
    const port = await start({
      async guarded() {
        if (!late) return decision
        arrived.resolve()
        await gone.promise
        return decision
      },
      async answer() {
        arrived.resolve()
        await gone.promise
        return jsonReply(200, {})
      },
      report: (error) => reported.push(error),
    })
    const stream = await opened(port, {})
    stream.end()
    await arrived.promise
    await cancelled(stream)
    gone.resolve()
    await closed.promise
    expect([ends, reported]).toEqual([[{ status: undefined }], []])
  })

  test('closed tells the status of a response that was sent whole', async () => {
    const closed = Promise.withResolvers<unknown>()
    const port = await start({ guarded: () => ({ ok: true, closed: closed.resolve }), answer: echo, report: () => {} })
    await asked(port, {})
    expect(await closed.promise).toEqual({ status: 200 })
  })

  test('what is refused says nothing of connections, which a stream does not end', async () => {
    const warned: string[] = []
    const note = (warning: Error): unknown => warning.name === 'UnsupportedWarning' && warned.push(warning.message)
    process.on('warning', note)
    onTestFinished(() => void process.off('warning', note))
    const port = await start({ guarded: pass, answer: echo, report: () => {} })
    const { head, status } = await asked(port, { 'content-type': 'text/plain' }, 'x')
    expect([status, head['connection'], warned]).toEqual([415, undefined, []])
  })

  test('[HTTP-1] a method that nobody knows is answered with all headers', async () => {
    const port = await start({ guarded: pass, answer: echo, report: () => {} })
    const { head, body } = await asked(port, { ':method': 'BREW', ':path': '/nowhere', 'sec-fetch-site': 'same-origin' })
    expect(head['content-security-policy']).toContain("default-src 'self'")
    expect(head['x-request-id']).toMatch(/^[\w-]{8,}$/)
    expect(name === 'Fastify' ? body.code : 'not_found').toBe('not_found')
    const foreign = await asked(port, { ':method': 'BREW', 'sec-fetch-site': 'cross-site' })
    expect(foreign.body.code).toBe('cross_site_request')
  })
})

test('[HTTP-4] a client that has gone before its body is read is nobody’s fault on Koa', async () => {
  const [arrived, gone, over] = [Promise.withResolvers<void>(), Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const reported: unknown[] = []
  const port = await hosts['Koa']!({
    async guarded() {
      arrived.resolve()
      await gone.promise
      setImmediate(() => setImmediate(over.resolve))
      return { ok: true }
    },
    answer: echo,
    report: (error) => reported.push(error),
  })
  const stream = await opened(port, { ':path': '/parsed', ...JSON_TYPE, 'content-length': '7' })
  stream.write('{"a')
  await arrived.promise
  await cancelled(stream)
  gone.resolve()
  await over.promise
  expect(reported).toEqual([])
})
