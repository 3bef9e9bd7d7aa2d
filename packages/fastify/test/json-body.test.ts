import { createServer } from 'node:http'
import { baseline, endpoint, jsonBody, problems } from '@wardstone/fastify'
import { jsonReply } from '@wardstone/http'
import { fastify, type FastifyInstance, type FastifyPluginAsync, type LightMyRequestResponse } from 'fastify'
import { expect, test } from 'vitest'

/** An application whose parser takes 64 bytes. */
function appOf(routes: FastifyPluginAsync): FastifyInstance {
  const app = fastify()
  app.register(baseline())
  app.register(problems())
  app.register(jsonBody({ limit: 64 }))
  app.register(routes)
  return app
}

const JSON_TYPE = { 'content-type': 'application/json' }

const echo: FastifyPluginAsync = async (app) => {
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
    app.route({ method, url: '/', handler: async (request) => ({ body: request.body ?? null }) })
  }
}

test('[HTTP-4] every method that may have a body has it parsed', async () => {
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE'] as const) {
    const { body } = await appOf(echo).inject({ method, url: '/', headers: JSON_TYPE, payload: '{"a":1}' })
    expect(body).toBe('{"body":{"a":1}}')
    expect((await appOf(echo).inject({ method, url: '/', headers: JSON_TYPE })).body).toBe('{"body":null}')
  }
})

test('[HTTP-4] plain text, which Fastify takes by itself, is a 415', async () => {
  const request = { method: 'POST', url: '/', headers: { 'content-type': 'text/plain' }, payload: '{}' } as const
  expect((await fastify().register(echo).inject(request)).statusCode).toBe(200)
  expect((await appOf(echo).inject(request)).statusCode).toBe(415)
})

test('[HTTP-4] a type that the application adds comes in where its parser stands, and nowhere else', async () => {
  const app = appOf(async (root) => {
    await root.register(echo)
    await root.register(async (scope) => {
      scope.addContentTypeParser('text/csv', { parseAs: 'string' }, (_request, body, done) => done(null, String(body).split(',')))
      scope.post('/csv', async (request) => ({ body: request.body }))
    })
  })
  const send = (url: string, type: string): Promise<LightMyRequestResponse> =>
    app.inject({ method: 'POST', url, headers: { 'content-type': type }, payload: 'a,b' })
  expect((await send('/csv', 'Text/CSV; charset=utf-8')).body).toBe('{"body":["a","b"]}')
  expect((await send('/', 'text/csv')).statusCode).toBe(415)
  expect((await send('/csv', 'text/plain')).statusCode).toBe(415)
  expect((await send('/csv', 'application/json')).statusCode).toBe(400)
})

test('[HTTP-4] the limit of a route goes before that of the parser', async () => {
  const app = appOf(async (root) => void root.post('/', { bodyLimit: 8 }, async (request) => ({ body: request.body })))
  const send = (payload: string): Promise<LightMyRequestResponse> =>
    app.inject({ method: 'POST', url: '/', headers: JSON_TYPE, payload })
  expect([(await send('"123456"')).statusCode, (await send('"1234567"')).statusCode]).toEqual([200, 413])
})

test('[HTTP-4] an endpoint behind the parser has limits of its own, and hooks of its route see the body', async () => {
  const seen: unknown[] = []
  const app = appOf(async (root) => {
    root.post('/', {
      ...endpoint((_ctx, body) => jsonReply(200, { body }), { bodyLimit: 128 }),
      preValidation: (request, _reply, done) => {
        seen.push(request.body)
        done()
      },
    })
  })
  const payload = JSON.stringify('x'.repeat(100))
  const { body } = await app.inject({ method: 'POST', url: '/', headers: JSON_TYPE, payload })
  expect([body, seen]).toEqual([`{"body":${payload}}`, ['x'.repeat(100)]])
})

test.each([{ limit: Number.NaN }, { limit: '100kb' }, { limit: 0 }, { depth: 0 }, { keys: -1 }, { bodyLimit: 1 }])(
  'the parser does not start with %j',
  (options) => {
    expect(() => jsonBody(options as object)).toThrow(/^jsonBody: /)
  },
)

// What the example of `jsonBody` says, so that it is noticed when it changes.
test('[HTTP-4] Node gives up on a request that does not come after five minutes, Fastify by itself never', () => {
  const server = createServer()
  expect([server.requestTimeout, server.headersTimeout]).toEqual([300_000, 60_000])
  expect(fastify().server.requestTimeout).toBe(0)
  expect(fastify({ requestTimeout: 300_000 }).server.requestTimeout).toBe(300_000)
})
