import { ALLOW, deny, jsonReply, type BaselineOptions, type HeaderList } from '@wardstone/http'
import { ask, refusal, response, type HttpCase } from '../case.ts'
import type { HttpRoute } from '../host.ts'

const APP = 'https://app.test'
const cors: BaselineOptions = { cors: { origins: [APP, 'https://*.preview.test'] } }
const open: BaselineOptions = { cors: { origins: ['*'], credentials: false, methods: ['GET'], exposed: [] } }

async function* stream(): AsyncGenerator<string> {
  yield 'text'
}

const routes = (): readonly HttpRoute[] => [
  { method: 'GET', path: '/', answer: { endpoint: () => jsonReply(200, {}) } },
  {
    method: 'GET',
    path: '/refused',
    guards: [(ctx) => deny(ctx, { status: 403, code: 'not_yours' })],
    answer: { endpoint: () => jsonReply(200, {}) },
  },
  {
    method: 'GET',
    path: '/varies',
    guards: [() => ({ ...ALLOW, headers: [['vary', 'Accept-Language']] })],
    answer: { endpoint: () => jsonReply(200, {}, [['vary', 'Accept']]) },
  },
  { method: 'GET', path: '/own', answer: { stream, vary: 'Accept-Language' } },
  { method: 'GET', path: '/both', answer: { stream, vary: 'Origin, Accept' } },
  { method: 'OPTIONS', path: '/', answer: { endpoint: () => ({ status: 204, headers: [['allow', 'GET, OPTIONS']] }) } },
]

const VARY: HeaderList = [['vary', 'Origin']]
const VARY_PREFLIGHT: HeaderList = [['vary', 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers']]
const readable = (origin: string): HeaderList => [
  ...VARY,
  ['access-control-allow-origin', origin],
  ['access-control-allow-credentials', 'true'],
  ['access-control-expose-headers', 'X-Total-Count, X-Page-Count, Retry-After, RateLimit, RateLimit-Policy, X-Request-Id'],
]
const granted = (origin: string): HeaderList => [
  ...VARY_PREFLIGHT,
  ['access-control-allow-origin', origin],
  ['access-control-allow-credentials', 'true'],
  ...METHODS,
]
const METHODS: HeaderList = [
  ['access-control-allow-methods', 'GET, POST, PUT, PATCH, DELETE, OPTIONS'],
  ['access-control-allow-headers', 'content-type, authorization, x-csrf-token'],
  ['access-control-max-age', '86400'],
]
const JSON_TYPE = ['content-type', 'application/json'] as const
const ok = (guards: HeaderList): HttpCase['expect'] => response(200, { guards, headers: [JSON_TYPE], body: '{}' })
const preflight = (origin: string, path = '/'): string =>
  ask(`OPTIONS ${path}`, `Origin: ${origin}`, 'Access-Control-Request-Method: PATCH', 'Access-Control-Request-Headers: x-odd')

export const corsCases: readonly HttpCase[] = [
  {
    title: 'a page of a listed origin may read the answer',
    baseline: cors,
    routes,
    request: ask('GET /', `Origin: ${APP}`),
    expect: ok(readable(APP)),
  },
  {
    title: 'a wildcard is one label',
    baseline: cors,
    routes,
    request: ask('GET /', 'Origin: https://pr-7.preview.test'),
    expect: ok(readable('https://pr-7.preview.test')),
  },
  {
    title: 'a page of another origin is answered and may not read it',
    baseline: cors,
    routes,
    request: ask('GET /', 'Origin: https://app.test.evil.test'),
    expect: ok(VARY),
  },
  {
    title: 'without an origin, the answer says that it varies by it',
    baseline: cors,
    routes,
    request: ask('GET /'),
    expect: ok(VARY),
  },
  {
    title: 'two origins are none, even if both are listed',
    baseline: cors,
    routes,
    request: ask('GET /', `Origin: ${APP}`, `Origin: ${APP}`),
    expect: ok(VARY),
  },
  {
    title: 'refusals can be read too',
    baseline: cors,
    routes,
    request: ask('GET /refused', `Origin: ${APP}`),
    expect: refusal(403, 'not_yours', 'Forbidden', { guards: readable(APP) }),
  },
  {
    title: 'an unknown path can be read too',
    baseline: cors,
    routes,
    request: ask('GET /nowhere', `Origin: ${APP}`),
    expect: refusal(404, 'not_found', 'Not Found', { guards: readable(APP) }),
  },
  {
    title: 'what varies by more says so once',
    baseline: cors,
    routes,
    request: ask('GET /varies'),
    expect: response(200, { guards: [['vary', 'Origin, Accept-Language, Accept']], headers: [JSON_TYPE], body: '{}' }),
  },
  {
    title: 'what a handler says of Vary by its own means does not hide the origin',
    baseline: cors,
    routes,
    request: ask('GET /own'),
    expect: streamed('Accept-Language, Origin'),
  },
  {
    title: 'a handler that says itself that it varies by origin says it once',
    baseline: cors,
    routes,
    request: ask('GET /both'),
    expect: streamed('Origin, Accept'),
  },
  {
    title: 'a preflight of a listed origin is answered, with what may be sent and not with what was asked for',
    baseline: cors,
    routes,
    request: preflight(APP),
    expect: response(204, { guards: granted(APP) }),
  },
  {
    title: 'a preflight is answered before anybody looks for a route',
    baseline: cors,
    routes,
    request: preflight(APP, '/nowhere'),
    expect: response(204, { guards: granted(APP) }),
  },
  {
    title: 'a preflight of another origin is refused',
    baseline: cors,
    routes,
    request: preflight('https://evil.test'),
    expect: refusal(403, 'cors_origin_refused', 'Forbidden', { guards: VARY_PREFLIGHT }),
  },
  {
    title: 'OPTIONS without a method to ask for is no preflight',
    baseline: cors,
    routes,
    request: ask('OPTIONS /', `Origin: ${APP}`),
    expect: response(204, { guards: readable(APP), headers: [['allow', 'GET, OPTIONS']] }),
  },
  {
    title: 'what everybody may read does not vary',
    baseline: open,
    routes,
    request: ask('GET /', 'Origin: https://anybody.test'),
    expect: ok([['access-control-allow-origin', '*']]),
  },
  {
    title: 'a preflight of what everybody may read is answered the same for all',
    baseline: open,
    routes,
    request: preflight('null'),
    expect: response(204, {
      guards: [['access-control-allow-origin', '*'], ['access-control-allow-methods', 'GET'], ...METHODS.slice(1)],
    }),
  },
]

/** The text as it comes in pieces. */
function streamed(vary: string): HttpCase['expect'] {
  const whole = response(200, { guards: [['vary', vary]], headers: [['content-type', 'text/plain']], body: 'text' })
  const headers = whole.headers.filter(([name]) => name !== 'content-length')
  return { ...whole, headers: [...headers, ['Transfer-Encoding', 'chunked']] }
}
