import { AsyncLocalStorage } from 'node:async_hooks'
import { connect, type AddressInfo } from 'node:net'
import { setTimeout as after } from 'node:timers/promises'
import type { HttpContext } from '@wardstone/http'
import { baseline, problems } from '@wardstone/fastify'
import { fastify, type FastifyInstance } from 'fastify'
import { afterEach, expect, test } from 'vitest'

const storage = new AsyncLocalStorage<HttpContext>()
const found = (): string | undefined => storage.getStore()?.header('x-name')

const byText = (a: unknown, b: unknown): number => String(a).localeCompare(String(b))

const apps: FastifyInstance[] = []
afterEach(async () => {
  for (const app of apps.splice(0)) await app.close()
})

/** An application between both halves, and what it reported. */
function application(report: (error: unknown) => void = () => {}): FastifyInstance {
  const app = fastify({ forceCloseConnections: true })
  apps.push(app)
  app.register(baseline({ context: storage, trustedProxies: [] }))
  app.register(problems({ report }))
  return app
}

async function ask(app: FastifyInstance, body: string, type = 'application/json'): Promise<readonly unknown[]> {
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo
  return Promise.all(
    ['a', 'b', 'c', 'd', 'e'].map(async (name) => {
      const headers = { 'x-name': name, 'content-type': type }
      return (await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', headers, body })).json()
    }),
  )
}

// fastify/fastify#3570: what was entered in `onRequest` was lost for requests with a body
test('[HTTP-5] fastify#3570: hooks and handlers find their request, before and after the body', async () => {
  const app = application()
  const seen: Record<string, Array<string | undefined>> = {}
  const note = (hook: string): void => void (seen[hook] ??= []).push(found())
  app.addHook('onRequest', async () => note('onRequest'))
  app.addHook('preParsing', async (_request, _reply, payload) => (note('preParsing'), payload))
  app.addHook('preValidation', async () => note('preValidation'))
  app.addHook('preHandler', async () => note('preHandler'))
  app.addHook('preSerialization', async (_request, _reply, payload) => (note('preSerialization'), payload))
  app.addHook('onSend', async (_request, _reply, payload) => (note('onSend'), payload))
  let over = 0
  const ended = new Promise<void>((resolve) => {
    app.addHook('onResponse', async () => {
      note('onResponse')
      if (++over === 5) resolve()
    })
  })
  app.post('/', async () => {
    await after(1)
    return { found: found() }
  })
  expect(await ask(app, '{"a":1}')).toEqual(['a', 'b', 'c', 'd', 'e'].map((name) => ({ found: name })))
  await ended
  expect(Object.keys(seen)).toHaveLength(7)
  for (const [hook, names] of Object.entries(seen))
    expect([hook, names.toSorted(byText)]).toEqual([hook, ['a', 'b', 'c', 'd', 'e']])
})

test('[HTTP-5] behind a hook that loses everything, hooks and handlers find their request again', async () => {
  const app = application()
  // As one that waits for events of the body's stream: outside, whatever this version of Node keeps.
  app.addHook('preParsing', (_request, _reply, payload, done) => storage.exit(() => done(null, payload)))
  app.addHook('preValidation', async (request) => void Object.assign(request, { early: found() }))
  app.post('/', async (request) => [found(), (request as unknown as { readonly early: unknown }).early])
  expect(await ask(app, '{}')).toEqual(['a', 'b', 'c', 'd', 'e'].map((name) => [name, name]))
})

test('[HTTP-5] who handles or reports an error finds the request that failed', async () => {
  const reported: unknown[] = []
  const app = application(() => reported.push(found()))
  app.addHook('onError', async () => void reported.push(`hook ${found()}`))
  app.post('/', async () => {
    throw new Error('no')
  })
  await ask(app, '{}')
  expect(reported.toSorted(byText)).toEqual(['a', 'b', 'c', 'd', 'e', 'hook a', 'hook b', 'hook c', 'hook d', 'hook e'])
})

test('[HTTP-5] what fails or ends outside of its request is told of inside', async () => {
  const app = application()
  const seen: unknown[] = []
  const over = Promise.withResolvers<void>()
  app.addHook('onError', async () => void seen.push(`error ${found()}`))
  app.addHook('onResponse', async () => {
    seen.push(`response ${found()}`)
    if (seen.length === 10) over.resolve()
  })
  app.addHook('preParsing', (_request, _reply, _payload, done) => storage.exit(() => done(new Error('no'))))
  app.post('/', async () => 'never')
  await ask(app, '{}')
  await over.promise
  expect(new Set(seen)).toEqual(new Set(['a', 'b', 'c', 'd', 'e'].flatMap((name) => [`error ${name}`, `response ${name}`])))
})

test('[HTTP-5] a response that is sent from elsewhere, as by a pool or a queue, ends inside of its request', async () => {
  const app = application()
  const ended = Promise.withResolvers<string | undefined>()
  app.addHook('onResponse', async () => ended.resolve(found()))
  app.post('/', (_request, reply) => storage.exit(() => void reply.send('x')))
  await app.inject({ method: 'POST', url: '/', headers: { 'x-name': 'ana' } })
  expect(await ended.promise).toBe('ana')
})

test('[HTTP-5] when a client goes away in the middle of its body, the hook that is told finds the request', async () => {
  const app = application()
  const arrived = Promise.withResolvers<void>()
  const aborted = Promise.withResolvers<string | undefined>()
  app.addHook('onRequestAbort', async (_request) => aborted.resolve(found()))
  app.addHook('onRequest', async () => arrived.resolve())
  app.post('/', async () => 'never')
  await app.listen({ port: 0, host: '127.0.0.1' })
  const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1')
  socket.write('POST / HTTP/1.1\r\nHost: a\r\nX-Name: ana\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{}')
  await arrived.promise
  socket.destroy()
  expect(await aborted.promise).toBe('ana')
})

test('[HTTP-5] when a connection is idle for too long, the hook that is told finds the request', async () => {
  const app = application()
  const late = Promise.withResolvers<string | undefined>()
  app.addHook('onTimeout', async () => late.resolve(found()))
  app.post('/', async (request, reply) => {
    storage.exit(() => request.raw.socket.emit('timeout')) // a timer of the server's
    return reply.hijack()
  })
  await app.listen({ port: 0, host: '127.0.0.1' })
  const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1')
  socket.write('POST / HTTP/1.1\r\nHost: a\r\nX-Name: ana\r\nContent-Length: 0\r\n\r\n')
  expect(await late.promise).toBe('ana')
  socket.destroy()
})
