import { clientFacts, jsonReply, type BaselineOptions, type Endpoint } from '@wardstone/http'
import { ask, BASELINE_OVER_TLS, post, refusal, response, type HttpCase } from '../case.ts'
import type { HttpRoute } from '../host.ts'

const tell: Endpoint = (ctx) => jsonReply(200, { ip: clientFacts(ctx).ip, secure: ctx.secure })

const routes = (): readonly HttpRoute[] => [
  { method: 'GET', path: '/', answer: { endpoint: tell } },
  { method: 'GET', path: '/posts/:id', answer: { endpoint: tell } },
  { method: 'POST', path: '/posts', answer: { endpoint: tell } },
]

const told = (ip: string, secure = false): HttpCase['expect'] =>
  response(200, {
    ...(secure ? { baseline: BASELINE_OVER_TLS } : {}),
    headers: [['content-type', 'application/json']],
    body: JSON.stringify({ ip, secure }),
  })

const PROXIED: BaselineOptions = { trustedProxies: ['loopback', '10.0.0.0/8'] }
const HTTPS: BaselineOptions = { ...PROXIED, https: 'redirect', publicOrigins: ['https://app.example.com'] }

const sentTo = (location: string): HttpCase['expect'] =>
  response(308, {
    headers: [
      ['location', location],
      ['cache-control', 'private, max-age=86400'],
    ],
  })

const refused = refusal(403, 'https_required', 'Forbidden', { detail: 'Use https.' })

/** Who is asking, and over what. */
export const clientCases: readonly HttpCase[] = [
  ...(
    [
      [
        'ports and mapped addresses are of the same machine',
        'X-Forwarded-For: 198.51.100.1, [::ffff:cb00:7107]:443, 10.0.0.9:80',
        '203.0.113.7',
      ],
      [
        'what is no address ends the way at the proxy that wrote it',
        'X-Forwarded-For: 198.51.100.1, 127.1, 10.0.0.9',
        '10.0.0.9',
      ],
      ['an empty element ends the way at the proxy that wrote it', 'X-Forwarded-For: 198.51.100.1,', '127.0.0.1'],
      ['lines are one list, in their order', 'X-Forwarded-For: 203.0.113.7\r\nX-Forwarded-For: 10.0.0.9', '203.0.113.7'],
      ['Forwarded is not read unless it was chosen', 'Forwarded: for=198.51.100.1;proto=https', '127.0.0.1'],
      [
        'of both headers only the chosen one is read',
        'Forwarded: for=198.51.100.1\r\nX-Forwarded-For: 203.0.113.7',
        '203.0.113.7',
      ],
    ] as const
  ).map(([title, header, ip]): HttpCase => ({
    title: `behind proxies, ${title}`,
    baseline: PROXIED,
    routes,
    request: ask('GET /', header),
    expect: told(ip),
  })),
  {
    title: 'Forwarded is read over several lines, from the right, and X-Forwarded-For is not',
    baseline: { ...PROXIED, forwardedBy: 'forwarded' },
    routes,
    request: ask(
      'GET /',
      'X-Forwarded-For: 198.51.100.1',
      'X-Forwarded-Proto: http',
      'Forwarded: for="198.51.100.2, for="[2001:db8::1]:4711"; proto=http',
      'Forwarded: For=10.0.0.9;Proto=HTTPS',
    ),
    expect: told('2001:db8::1', true),
  },
  {
    title: 'Forwarded that breaks its grammar says nothing',
    baseline: { ...PROXIED, forwardedBy: 'forwarded' },
    routes,
    request: ask('GET /', 'Forwarded: for=198.51.100.1;for=203.0.113.7;proto=https'),
    expect: told('127.0.0.1'),
  },
  {
    title: 'a read without TLS is sent to the public origin, with path and query as they were sent, whatever Host says',
    baseline: HTTPS,
    routes,
    request: ask('GET /posts/a%2Fb%0d%0a?q=%0D%0ASet-Cookie:%20a=1&next=//elsewhere.test'),
    expect: sentTo('https://app.example.com/posts/a%2Fb%0d%0a?q=%0D%0ASet-Cookie:%20a=1&next=//elsewhere.test'),
  },
  {
    title: 'a path that no route has is sent there, too',
    baseline: HTTPS,
    routes,
    request: ask('GET /nowhere'),
    expect: sentTo('https://app.example.com/nowhere'),
  },
  {
    title: 'HEAD is sent there, too',
    baseline: HTTPS,
    routes,
    request: ask('HEAD /posts/1'),
    expect: sentTo('https://app.example.com/posts/1'),
  },
  {
    title: 'an absolute request target is sent to the public origin, not to its own',
    baseline: HTTPS,
    routes,
    request: ask('GET http://elsewhere.test/posts/1?q=1'),
    expect: sentTo('https://app.example.com/posts/1?q=1'),
  },
  {
    title: 'a write without TLS is refused: a redirect would have it sent again',
    baseline: HTTPS,
    routes,
    request: post('/posts', ['Content-Type: application/json'], '{}'),
    expect: refused,
  },
  {
    title: 'what a trusted proxy got over TLS is answered',
    baseline: HTTPS,
    routes,
    request: ask('GET /', 'X-Forwarded-For: 203.0.113.7', 'X-Forwarded-Proto: https'),
    expect: told('203.0.113.7', true),
  },
  {
    title: 'what a trusted proxy got without TLS is not',
    baseline: HTTPS,
    routes,
    request: ask('GET /', 'X-Forwarded-For: 203.0.113.7', 'X-Forwarded-Proto: https, http'),
    expect: sentTo('https://app.example.com/'),
  },
  {
    title: 'where a proxy is not trusted, a redirect would come back for ever: refused',
    baseline: { ...HTTPS, trustedProxies: ['10.0.0.0/8'] },
    routes,
    request: ask('GET /', 'X-Forwarded-For: 203.0.113.7', 'X-Forwarded-Proto: https'),
    expect: refused,
  },
  {
    title: 'health checks may come without TLS',
    baseline: { ...HTTPS, https: { except: (ctx) => ctx.path === '/posts/health' } },
    routes,
    request: ask('GET /posts/health'),
    expect: told('127.0.0.1'),
  },
]
