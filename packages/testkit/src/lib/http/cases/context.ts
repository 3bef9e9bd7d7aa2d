import { clientFacts, jsonReply, type Endpoint } from '@wardstone/http'
import { ask, BASELINE, BASELINE_OVER_TLS, refusal, response, type HttpCase } from '../case.ts'
import type { HttpRoute } from '../host.ts'
import { REQUEST_ID } from '../transcript.ts'

/** Answers with what the context says of the request. */
const tell: Endpoint = (ctx) =>
  jsonReply(200, {
    method: ctx.method,
    path: ctx.path,
    route: ctx.route ?? null,
    id: ctx.param('id') ?? null,
    constructor: ctx.param('constructor') ?? ctx.header('constructor') ?? null,
  })

const tellHeaders: Endpoint = (ctx) =>
  jsonReply(200, {
    authorization: ctx.header('authorization') ?? null,
    origin: ctx.header('origin') ?? null,
    host: ctx.header('host') ?? null,
    sid: ctx.cookie('sid') ?? null,
    other: ctx.cookie('other') ?? null,
    list: ctx.header('x-list') ?? null,
  })

const tellClient: Endpoint = (ctx) => {
  const { ip, userAgent, requestId } = clientFacts(ctx)
  return jsonReply(200, { ip, secure: ctx.secure, userAgent, requestId })
}

const get = (path: string, endpoint: Endpoint, mount?: `/${string}`) => (): readonly HttpRoute[] => [
  { method: 'GET', path, mount, answer: { endpoint } },
]

function json(body: object, baseline = BASELINE): HttpCase['expect'] {
  return response(200, { baseline, headers: [['content-type', 'application/json']], body: JSON.stringify(body) })
}

const nobody = { authorization: null, origin: null, host: 'app.test', sid: null, other: null, list: null }

export const contextCases: readonly HttpCase[] = [
  {
    title: 'a route knows its method, path, pattern and parameters',
    routes: get('/posts/:id', tell),
    request: ask('GET /posts/42'),
    expect: json({ method: 'GET', path: '/posts/42', route: '/posts/:id', id: '42', constructor: null }),
  },
  {
    title: 'a query is no part of the path',
    routes: get('/posts/:id', tell),
    request: ask('GET /posts/42?id=7&next=http://elsewhere.test/x'),
    expect: json({ method: 'GET', path: '/posts/42', route: '/posts/:id', id: '42', constructor: null }),
  },
  {
    title: 'below a mounted router, path and pattern are whole',
    routes: get('/posts/:id', tell, '/api'),
    request: ask('GET /api/posts/42'),
    expect: json({ method: 'GET', path: '/api/posts/42', route: '/api/posts/:id', id: '42', constructor: null }),
  },
  {
    title: 'the path stays encoded, a parameter is decoded once',
    routes: get('/posts/:id', tell),
    request: ask('GET /posts/a%2Fb%20%2541%C3%A9'),
    expect: json({ method: 'GET', path: '/posts/a%2Fb%20%2541%C3%A9', route: '/posts/:id', id: 'a/b %41é', constructor: null }),
  },
  {
    title: 'a trailing slash is part of the path, and matches the route',
    routes: get('/posts/:id', tell),
    request: ask('GET /posts/42/'),
    expect: json({ method: 'GET', path: '/posts/42/', route: '/posts/:id', id: '42', constructor: null }),
  },
  {
    title: 'capitals are part of the path, and match the route',
    routes: get('/posts/:id', tell),
    request: ask('GET /Posts/Ab'),
    expect: json({ method: 'GET', path: '/Posts/Ab', route: '/posts/:id', id: 'Ab', constructor: null }),
  },
  {
    title: 'encoded dots and slashes in a path are no steps',
    routes: get('/posts/:id', tell),
    request: ask('GET /posts/..%2Fadmin'),
    expect: json({ method: 'GET', path: '/posts/..%2Fadmin', route: '/posts/:id', id: '../admin', constructor: null }),
  },
  {
    title: 'below a mounted router, a path that no route has is a 404',
    routes: get('/posts/:id', tell, '/api'),
    request: ask('GET /api/nowhere'),
    expect: refusal(404, 'not_found', 'Not Found'),
  },
  {
    title: 'an absolute request target has a path like any other',
    routes: get('/posts/:id', tell),
    request: ask('GET http://elsewhere.test/posts/42?q=http://x.test/y'),
    expect: json({ method: 'GET', path: '/posts/42', route: '/posts/:id', id: '42', constructor: null }),
  },
  {
    title: 'a single authorization, origin, host and cookie is read',
    routes: get('/', tellHeaders),
    request: ask('GET /', 'Authorization: Bearer a', 'Origin: https://app.test', 'Cookie: sid=1; other="2"'),
    expect: json({ ...nobody, authorization: 'Bearer a', origin: 'https://app.test', sid: '1', other: '2' }),
  },
  {
    title: 'authorization sent twice is none',
    routes: get('/', tellHeaders),
    request: ask('GET /', 'Authorization: Bearer a', 'authorization: Bearer b'),
    expect: json(nobody),
  },
  {
    title: 'origin sent twice is none, even if both agree',
    routes: get('/', tellHeaders),
    request: ask('GET /', 'Origin: https://app.test', 'ORIGIN: https://app.test'),
    expect: json(nobody),
  },
  {
    title: 'host sent twice is none',
    routes: get('/', tellHeaders),
    request: ask('GET /', 'Host: elsewhere.test'),
    expect: json({ ...nobody, host: null }),
  },
  {
    title: 'a cookie sent twice is none, in one line or two; others stay',
    routes: get('/', tellHeaders),
    request: ask('GET /', 'Cookie: sid=1; other=2', 'Cookie: sid=3'),
    expect: json({ ...nobody, other: '2' }),
  },
  {
    title: 'lines of other headers are joined',
    routes: get('/', tellHeaders),
    request: ask('GET /', 'X-List: a', 'X-List: b'),
    expect: json({ ...nobody, list: 'a, b' }),
  },
  {
    title: 'without trusted proxies, nothing that the client claims of itself counts',
    routes: get('/', tellClient),
    request: ask(
      'GET /',
      'X-Forwarded-For: 203.0.113.7',
      'X-Forwarded-Proto: https',
      'X-Request-Id: chosen-by-client',
      'User-Agent: t/1',
    ),
    expect: json({ ip: '127.0.0.1', secure: false, userAgent: 't/1', requestId: REQUEST_ID }),
  },
  {
    title: 'a trusted proxy tells address, scheme and request id; what stands left of an untrusted hop does not count',
    baseline: { trustedProxies: ['127.0.0.1', '10.0.0.0/8'] },
    routes: get('/', tellClient),
    request: ask(
      'GET /',
      'X-Forwarded-For: 192.0.2.1, 203.0.113.7',
      'X-Forwarded-For: 10.0.0.9',
      'X-Forwarded-Proto: http, https',
      'X-Request-Id: chosen-by-proxy',
    ),
    expect: trusted({ ip: '203.0.113.7', secure: true, requestId: 'chosen-by-proxy' }),
  },
  {
    title: 'a request id that is not of the usual form is replaced, whoever sent it',
    baseline: { trustedProxies: ['127.0.0.1'] },
    routes: get('/', tellClient),
    request: ask('GET /', 'X-Request-Id: <script>alert(1)</script>'),
    expect: json({ ip: '127.0.0.1', secure: false, requestId: REQUEST_ID }),
  },
]

/** The id is the proxy's, and what came over TLS is answered with HSTS. */
function trusted(body: { readonly ip: string; readonly secure: boolean; readonly requestId: string }): HttpCase['expect'] {
  const expected = json(body, BASELINE_OVER_TLS)
  return { ...expected, headers: [['x-request-id', body.requestId], ...expected.headers.slice(1)] }
}
