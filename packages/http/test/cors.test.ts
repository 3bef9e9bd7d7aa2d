import { ConfigurationError } from '@wardstone/core'
import { baseline, cors, explain, originList, runner, type CorsOptions, type Guard, type HttpEvent } from '@wardstone/http'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { context } from './context.ts'

afterEach(() => vi.unstubAllEnvs())

const APP = 'https://app.example.com'
const EVIL = 'https://evil.example.net'

const get = (origin?: string): ReturnType<typeof context> => context({ headers: origin === undefined ? {} : { origin } })
const preflight = (origin: string): ReturnType<typeof context> =>
  context({
    method: 'OPTIONS',
    headers: { origin, 'access-control-request-method': 'DELETE', 'access-control-request-headers': 'x-odd' },
  })

/** Status (200 when the request goes on) and headers. */
function said(
  guard: Guard,
  ctx: ReturnType<typeof context>,
): { readonly status: number; readonly headers: Readonly<Record<string, string>> } {
  const decision = guard(ctx)
  if (decision instanceof Promise) throw new Error('cors decides at once')
  const lines = (decision.ok ? decision.headers : decision.reply.headers) ?? []
  expect(new Set(lines.map(([name]) => name)).size, 'each header once').toBe(lines.length)
  return { status: decision.ok ? 200 : decision.reply.status, headers: Object.fromEntries(lines) }
}

const granted = (headers: Readonly<Record<string, string>>): readonly string[] =>
  Object.keys(headers).filter((name) => name.startsWith('access-control-'))

test('[HTTP-2] the defaults are methods, headers and figures of a JSON API', () => {
  const guard = cors({ origins: [APP] })
  expect(said(guard, preflight(APP))).toEqual({
    status: 204,
    headers: {
      vary: 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers',
      'access-control-allow-origin': APP,
      'access-control-allow-credentials': 'true',
      'access-control-allow-methods': 'GET, POST, PUT, PATCH, DELETE, OPTIONS',
      'access-control-allow-headers': 'content-type, authorization, x-csrf-token',
      'access-control-max-age': '86400',
    },
  })
  expect(said(guard, get(APP))).toEqual({
    status: 200,
    headers: {
      vary: 'Origin',
      'access-control-allow-origin': APP,
      'access-control-allow-credentials': 'true',
      'access-control-expose-headers': 'X-Total-Count, X-Page-Count, Retry-After, RateLimit, RateLimit-Policy, X-Request-Id',
    },
  })
})

test('[HTTP-2] options replace the defaults; what is empty is left out', () => {
  const guard = cors({ origins: [APP], credentials: false, methods: ['GET'], headers: [], exposed: ['x-mine'], maxAge: 0 })
  expect(said(guard, preflight(APP)).headers).toEqual({
    vary: 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers',
    'access-control-allow-origin': APP,
    'access-control-allow-methods': 'GET',
    'access-control-max-age': '0',
  })
  expect(said(guard, get(APP)).headers).toEqual({
    vary: 'Origin',
    'access-control-allow-origin': APP,
    'access-control-expose-headers': 'x-mine',
  })
})

describe('a cache between us and the pages', () => {
  // A cache that keeps one of these for another must be told, or it hands a grant to everybody, or a denial to the listed.
  test.each<[string, ReturnType<typeof context>]>([
    ['a listed origin', get(APP)],
    ['no origin', get()],
    ['an unlisted origin', get(EVIL)],
    ['the origin null', get('null')],
    ['a write of an unlisted origin', context({ method: 'POST', headers: { origin: EVIL } })],
    ['OPTIONS that is no preflight', context({ method: 'OPTIONS', headers: { origin: EVIL } })],
    ['HEAD', context({ method: 'HEAD' })],
  ])('[HTTP-2] is told that the answer to %s varies by origin', (_, ctx) => {
    expect(said(cors({ origins: [APP] }), ctx)).toMatchObject({ status: 200, headers: { vary: 'Origin' } })
  })

  test('[HTTP-2] is told of refused preflights as of granted ones', () => {
    const guard = cors({ origins: [APP] })
    expect(said(guard, preflight(EVIL)).headers['vary']).toBe(said(guard, preflight(APP)).headers['vary'])
  })

  test('[HTTP-2] may keep one copy for all where everybody may read', () => {
    const guard = cors({ origins: ['*'], credentials: false })
    const answers = [get(), get(APP), get('null')].map((ctx) => said(guard, ctx))
    expect(answers[0]?.headers).toMatchObject({ 'access-control-allow-origin': '*' })
    expect(answers[0]?.headers).not.toHaveProperty('vary')
    expect(answers[0]?.headers).not.toHaveProperty('access-control-allow-credentials')
    expect(answers[1]).toEqual(answers[0])
    expect(answers[2]).toEqual(answers[0])
  })
})

test.each([EVIL, 'null', 'https://app.example.com.evil.net', 'https://APP.example.com', `${APP}, ${APP}`])(
  '[HTTP-2] a page of %j gets no grant, neither by preflight nor by a simple request',
  (origin) => {
    const guard = cors({ origins: [APP] })
    const asked = said(guard, preflight(origin))
    expect([asked.status, granted(asked.headers), granted(said(guard, get(origin)).headers)]).toEqual([403, [], []])
  },
)

test('[HTTP-2] two Origin lines are none: a context says undefined, and nothing is granted', () => {
  const ctx = context({ method: 'OPTIONS', headers: { 'access-control-request-method': 'DELETE' } })
  expect(said(cors({ origins: [APP] }), ctx)).toEqual({ status: 200, headers: { vary: 'Origin' } })
})

test('[HTTP-2] what was asked for is never reflected', () => {
  expect(JSON.stringify(said(cors({ origins: [APP], headers: [] }), preflight(APP)))).not.toContain('x-odd')
})

test('[HTTP-2] public origins need no entry, in baseline and alone', () => {
  const [all, alone] = [
    baseline({ publicOrigins: [APP], cors: { origins: [], credentials: false } }),
    cors({ publicOrigins: [APP], origins: [], credentials: false }),
  ]
  expect(said(all, get(APP)).headers['access-control-allow-origin']).toBe(APP)
  expect(said(alone, preflight(APP)).status).toBe(204)
})

test('[HTTP-2] without cors, baseline neither grants nor varies', () => {
  const { headers } = said(baseline({ publicOrigins: [APP] }), get(APP))
  expect([granted(headers), headers['vary']]).toEqual([[], undefined])
})

test('[HTTP-2] the development origin counts in development only', () => {
  const origins = { production: [APP], development: ['http://localhost:5173'] }
  const grantedIn = (environment: string, origin: string): boolean => {
    vi.stubEnv('NODE_ENV', environment)
    return granted(said(cors({ origins }), get(origin)).headers).length > 0
  }
  expect([grantedIn('development', 'http://localhost:5173'), grantedIn('production', 'http://localhost:5173')]).toEqual([
    true,
    false,
  ])
  expect([grantedIn('development', APP), grantedIn('production', APP)]).toEqual([false, true])
})

test('[HTTP-2] a list that changes while serving counts at once', () => {
  const origins = originList([APP])
  const guard = cors({ origins })
  origins.replace([EVIL])
  expect([said(guard, preflight(APP)).status, said(guard, preflight(EVIL)).status]).toEqual([403, 204])
})

test('[HTTP-2] a refused preflight is reported and explained, and the client learns neither', () => {
  const events: HttpEvent[] = []
  const guard = cors({ origins: [APP], events: (event) => void events.push(event), now: () => 42 })
  const ctx = preflight(`${EVIL}:8443`)
  const outcome = runner([guard])(ctx)
  expect(events).toEqual([
    {
      name: 'malicious_cors',
      severity: 'warn',
      at: 42,
      client: { ip: '192.0.2.1', userAgent: undefined, requestId: undefined },
      data: { origin: `${EVIL}:8443`, method: 'OPTIONS', route: undefined, reason: 'origin_unlisted' },
    },
  ])
  expect(explain(ctx)).toMatchObject({ code: 'cors_origin_refused', status: 403, why: expect.stringContaining(`${EVIL}:8443`) })
  expect(JSON.stringify('refused' in outcome && outcome.refused?.reply)).not.toContain('evil')
})

test.each([
  ['javascript:alert(1)//', undefined],
  ['<script>', undefined],
  ['null', 'null'],
  [`https://${'a'.repeat(5000)}`, `https://${'a'.repeat(248)}`],
])('[HTTP-2] the event of %j tells an origin or nothing, and not much of it', (origin, told) => {
  const events: HttpEvent[] = []
  const ctx = preflight(origin)
  void runner([cors({ origins: [APP], events: (event) => void events.push(event) })])(ctx)
  expect(events[0]?.data.origin).toBe(told)
  expect(explain(ctx)?.why?.length).toBeLessThan(250)
})

test.each<[why: string, options: object, said: RegExp]>([
  ['no origins', {}, /origins: expected origins/],
  ['credentials without origins', { origins: [] }, /origins: credentials without origins/],
  ['everybody with credentials', { origins: ['*'] }, /origins: expected credentials: false beside "\*"/],
  ['everybody and somebody', { origins: ['*', APP], credentials: false }, /origins\[0\]: "\*" is everybody/],
  ['null', { origins: ['null'], credentials: false }, /origins\[0\]: "null"/],
  ['a regular expression', { origins: /example\.com$/ }, /origins/],
  ['true', { origins: true }, /expected a list of origins/],
  ['a set, which nobody checks', { origins: new Set([APP]) }, /origins/],
  ['lower-case methods', { origins: [APP], methods: ['patch'] }, /methods: expected upper case/],
  ['no methods', { origins: [APP], methods: [] }, /methods: expected at least one/],
  ['TRACE', { origins: [APP], methods: ['TRACE'] }, /methods: CONNECT, TRACE/],
  ['methods as one text', { origins: [APP], methods: 'GET,POST' }, /methods: expected a list/],
  ['any header', { origins: [APP], headers: ['*'] }, /headers: expected a list/],
  ['any exposed header', { origins: [APP], exposed: ['*'] }, /exposed: expected a list/],
  ['a header with a line break', { origins: [APP], headers: ['x-a\r\nx-b'] }, /headers: expected a list/],
  ['a negative age', { origins: [APP], maxAge: -1 }, /maxAge: expected/],
  ["the peer's name of an option", { origins: [APP], allowedHeaders: [] }, /allowedHeaders: unknown option/],
])('[HTTP-2] cors does not start with %s', (_, options, message) => {
  expect(() => cors(options as CorsOptions)).toThrow(ConfigurationError)
  expect(() => cors(options as CorsOptions)).toThrow(message)
  expect(() => baseline({ cors: options as CorsOptions })).toThrow(message)
})
