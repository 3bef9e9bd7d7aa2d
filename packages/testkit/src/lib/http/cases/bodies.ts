import { WardstoneError } from '@wardstone/core'
import { jsonReply, type Endpoint } from '@wardstone/http'
import { ask, chunked, persistent, post, refusal, response, type HttpCase } from '../case.ts'
import type { HttpRoute } from '../host.ts'

const JSON_BODY = 'Content-Type: application/json'
const JSON_TYPE = ['content-type', 'application/json'] as const
const CLOSING = ['connection', 'close'] as const
const LIMIT = 64

const echo: Endpoint = (_ctx, body) => jsonReply(200, { body: body ?? null })

const routes = (): readonly HttpRoute[] => [
  { method: 'POST', path: '/', answer: { endpoint: echo, bodyLimit: LIMIT } },
  { method: 'POST', path: '/default', answer: { endpoint: (_ctx, body) => jsonReply(200, { length: String(body).length }) } },
  { method: 'GET', path: '/posts/:id', answer: { endpoint: echo } },
]

const throwing = (throws: unknown) => (): readonly HttpRoute[] => [
  { method: 'GET', path: '/', answer: { throws, header: ['content-encoding', 'gzip'] } },
]

const echoed = (body: unknown): HttpCase['expect'] => response(200, { headers: [JSON_TYPE], body: JSON.stringify({ body }) })
const malformed = refusal(400, 'malformed_request', 'Bad Request', { headers: [CLOSING] })
const tooLarge = refusal(413, 'body_too_large', 'Content Too Large', { headers: [CLOSING] })
const notJson = refusal(415, 'unsupported_media_type', 'Unsupported Media Type', {
  headers: [CLOSING],
  detail: 'Send application/json, not compressed.',
})

class Unavailable extends WardstoneError<'store_unavailable'> {
  readonly code = 'store_unavailable'
}

export const bodyCases: readonly HttpCase[] = [
  ...['{"a":[1,null]}', '"text"', '0', 'null', '[]', '{"constructor":{"name":"x"}}', '{"a":"\\u005f"}'].map((body): HttpCase => ({
    title: `JSON comes in: ${body}`,
    routes,
    request: post('/', [JSON_BODY], body),
    expect: echoed(JSON.parse(body)),
  })),
  {
    title: 'JSON comes in whatever the parameters and the case of its type',
    routes,
    request: post('/', ['Content-Type: Application/JSON ; charset=utf-8'], '{}'),
    expect: echoed({}),
  },
  {
    title: 'JSON comes in behind a byte order mark',
    routes,
    request: post('/', [JSON_BODY], '\xef\xbb\xbf{}'),
    expect: echoed({}),
  },
  {
    title: 'JSON comes in by chunks',
    routes,
    request: chunked('/', [JSON_BODY], '{"a"', ':1}', ''),
    expect: echoed({ a: 1 }),
  },
  { title: 'no body and no type is no body', routes, request: post('/', [], ''), expect: echoed(null) },
  { title: 'a type without a body is no body', routes, request: post('/', [JSON_BODY], ''), expect: echoed(null) },
  { title: 'a type without a length is no body', routes, request: ask('POST /', JSON_BODY), expect: echoed(null) },
  { title: 'chunks that hold nothing are no JSON', routes, request: chunked('/', [JSON_BODY], ''), expect: malformed },
  ...[
    '{"a":',
    ' ',
    'undefined',
    "{'a':1}",
    '{"__proto__":{"admin":true}}',
    '[{"a":{"\\u005f_proto__":1}}]',
    '{"constructor":{"prototype":{"admin":true}}}',
  ].map((body): HttpCase => ({
    title: `malformed or poisoned JSON is a 400: ${body}`,
    routes,
    request: post('/', [JSON_BODY], body),
    expect: malformed,
  })),
  ...[
    'Content-Type: text/plain',
    'Content-Type: application/x-www-form-urlencoded',
    'Content-Type: application/json, text/plain',
    'Content-Type: nonsense',
    'Content-Type: application/json\r\nContent-Encoding: gzip',
    'X-Nothing: at all',
  ].map((header): HttpCase => ({
    title: `anything else is a 415: ${header.replace('\r\n', ', ')}`,
    routes,
    request: post('/', [header], '{}'),
    expect: notJson,
  })),
  {
    title: 'a type is refused before a size',
    routes,
    request: post('/', ['Content-Type: text/plain'], 'x'.repeat(LIMIT + 1)),
    expect: notJson,
  },
  {
    title: 'a body of exactly the limit comes in',
    routes,
    request: post('/', [JSON_BODY], JSON.stringify('x'.repeat(LIMIT - 2))),
    expect: echoed('x'.repeat(LIMIT - 2)),
  },
  {
    title: 'a body that is announced larger than the limit is refused before it comes, and the connection ended',
    routes,
    request: persistent(post('/', [JSON_BODY], 'x'.repeat(LIMIT + 1))).slice(0, -LIMIT),
    expect: tooLarge,
  },
  {
    title: 'a body that turns out larger than the limit is refused before its end, and the connection ended',
    routes,
    request: persistent(chunked('/', [JSON_BODY], 'x'.repeat(LIMIT), 'x')),
    expect: tooLarge,
  },
  {
    title: 'the limit is 100 KiB unless the route says otherwise',
    routes,
    request: post('/default', [JSON_BODY], JSON.stringify('x'.repeat(102_398))),
    expect: response(200, { headers: [JSON_TYPE], body: '{"length":102398}' }),
  },
  {
    title: 'one byte more than 100 KiB is refused',
    routes,
    request: persistent(post('/default', [JSON_BODY], 'x'.repeat(102_401))).slice(0, -102_400),
    expect: tooLarge,
  },
  {
    title: 'a body that comes with GET is not looked at',
    routes,
    request: post('/posts/1', ['Content-Type: text/plain'], '{"a"').replace('POST', 'GET'),
    expect: echoed(null),
  },
  {
    title: 'a path that no route has is a 404',
    routes,
    request: ask('GET /nowhere'),
    expect: refusal(404, 'not_found', 'Not Found'),
  },
  {
    title: 'a path that no route has is a 404 whatever comes with it',
    routes,
    request: post('/nowhere', [JSON_BODY], '{"a"'),
    expect: refusal(404, 'not_found', 'Not Found'),
  },
  {
    title: 'a method that no route has is a 404',
    routes,
    request: ask('DELETE /'),
    expect: refusal(404, 'not_found', 'Not Found'),
  },
  {
    title: 'a path that cannot be decoded is a 400 like any other',
    routes,
    request: ask('GET /posts/%zz'),
    expect: malformed,
  },
  {
    title: 'an error of a handler is a 500 that tells nothing, and is reported',
    routes: throwing(new Error('the database password is 1234')),
    request: ask('GET /'),
    expect: refusal(500, 'internal_error', 'Internal Server Error', { notes: ['reported: the database password is 1234'] }),
  },
  {
    title: 'an error that is meant for the client keeps its status, tells nothing, and is not reported',
    routes: throwing(Object.assign(new Error('inner'), { statusCode: 409, expose: true })),
    request: ask('GET /'),
    expect: refusal(409, 'request_refused', 'Conflict'),
  },
  {
    title: 'an error with the status of another server is a 500, and is reported',
    routes: throwing(Object.assign(new Error('their 401'), { status: 401 })),
    request: ask('GET /'),
    expect: refusal(500, 'internal_error', 'Internal Server Error', { notes: ['reported: their 401'] }),
  },
  {
    title: 'an error that carries a success is a 500',
    routes: throwing(Object.assign(new Error('odd'), { status: 200 })),
    request: ask('GET /'),
    expect: refusal(500, 'internal_error', 'Internal Server Error', { notes: ['reported: odd'] }),
  },
  {
    title: 'a fault that may pass is a 503 that says when to come back, and is reported',
    routes: throwing(new Unavailable('no answer', { retryable: true, retryAfterMs: 1500 })),
    request: ask('GET /'),
    expect: refusal(503, 'store_unavailable', 'Service Unavailable', {
      headers: [['retry-after', '2']],
      notes: ['reported: no answer'],
    }),
  },
  {
    title: 'an error of an endpoint is a 500',
    routes: () => [{ method: 'POST', path: '/', answer: { endpoint: async () => Promise.reject(new Error('inner')) } }],
    request: post('/', [JSON_BODY], '{}'),
    expect: refusal(500, 'internal_error', 'Internal Server Error', { notes: ['reported: inner'] }),
  },
  {
    title: 'an endpoint that rejects with nothing is a 500, not a pass',
    routes: () => [{ method: 'GET', path: '/', answer: { endpoint: async () => Promise.reject(undefined) } }],
    request: ask('GET /'),
    expect: refusal(500, 'internal_error', 'Internal Server Error', {
      notes: ['reported: An endpoint threw something that is no error'],
    }),
  },
  {
    title: 'an endpoint whose header cannot be sent is a 500',
    routes: () => [
      { method: 'GET', path: '/', answer: { endpoint: () => ({ status: 200, headers: [['x-bad', 'a\r\nb: c']] }) } },
    ],
    request: ask('GET /'),
    expect: refusal(500, 'internal_error', 'Internal Server Error', {
      notes: ['reported: Invalid character in header content ["x-bad"]'],
    }),
  },
]
