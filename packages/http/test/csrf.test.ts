import { ConfigurationError, generateSecret, secretRing } from '@wardstone/core'
import {
  baseline,
  csrf,
  explain,
  isCsrfExcepted,
  isCsrfJudged,
  originList,
  refusedAsCrossSite,
  runner,
  type BaselineOptions,
  type CsrfOptions,
  type HttpContext,
  type HttpEvent,
  type Outcome,
} from '@wardstone/http'
import { describe, expect, test } from 'vitest'
import { context } from './context.ts'

const APP = 'https://app.example.com'
const EVIL = 'https://evil.example.net'

const post = (headers: Readonly<Record<string, string>> = {}, method = 'POST'): HttpContext => context({ method, headers })

function outcomeOf(ctx: HttpContext, options?: BaselineOptions): Outcome {
  const outcome = runner([baseline(options)])(ctx)
  if (outcome instanceof Promise) throw new Error('baseline decides at once')
  return outcome
}

/** The code of the refusal, or `undefined` when the request goes on. */
function refusalOf(ctx: HttpContext, options?: BaselineOptions): string | undefined {
  return outcomeOf(ctx, options).refused?.code
}

describe('Fetch Metadata', () => {
  test.each(['POST', 'PUT', 'PATCH', 'DELETE', 'QUERY', 'PROPFIND', 'TRACE', 'get', 'Head', ''])(
    '[HTTP-3] is on by default, for %j as for every method that is not known to change nothing',
    (method) => {
      expect(refusalOf(post({ 'sec-fetch-site': 'cross-site' }, method))).toBe('cross_site_request')
      expect(refusalOf(post({ 'sec-fetch-site': 'same-origin' }, method))).toBeUndefined()
    },
  )

  test.each(['GET', 'HEAD', 'OPTIONS'])('[HTTP-3] is not asked for %s', (method) => {
    expect(refusalOf(post({ 'sec-fetch-site': 'cross-site', origin: EVIL, cookie: 'sid=1' }, method))).toBeUndefined()
  })

  test.each(['cross-site', 'same-site', 'Same-Origin', 'same-origin, same-origin', 'none, cross-site', 'nonsense', ' none', ''])(
    '[HTTP-3] of %j is refused, also from the own page',
    (site) => {
      expect(refusalOf(post({ 'sec-fetch-site': site }))).toBe('cross_site_request')
    },
  )

  test('[HTTP-3] is believed before the origin, which says null on pages that send no referrer', () => {
    expect(refusalOf(post({ 'sec-fetch-site': 'same-origin', origin: 'null' }))).toBeUndefined()
  })

  test('[HTTP-3] can be turned off', () => {
    expect(refusalOf(post({ 'sec-fetch-site': 'cross-site', origin: EVIL, cookie: 'sid=1' }), { csrf: false })).toBeUndefined()
  })
})

describe('an origin', () => {
  const trusting: readonly [string, BaselineOptions][] = [
    ['its own', { publicOrigins: [APP] }],
    ['trusted', { csrf: { trustedOrigins: [APP] } }],
    ['covered by a trusted wildcard', { csrf: { trustedOrigins: ['https://*.example.com'] } }],
    ['in a list that may change', { csrf: { trustedOrigins: originList([APP]) } }],
    ['listed by cors with credentials, which states the same trust', { cors: { origins: [APP] } }],
  ]

  test.each(trusting)('[HTTP-3] that is %s may write, with and without Fetch Metadata', (_, options) => {
    expect(refusalOf(post({ origin: APP, cookie: 'sid=1' }), options)).toBeUndefined()
    expect(refusalOf(post({ origin: APP, cookie: 'sid=1', 'sec-fetch-site': 'same-site' }), options)).toBeUndefined()
    expect(refusalOf(post({ origin: EVIL }), options)).toBe('cross_site_request')
    expect(refusalOf(post({ origin: 'null' }), options)).toBe('cross_site_request')
  })

  test.each<[string, BaselineOptions]>([
    ['cors without credentials', { cors: { origins: [APP], credentials: false } }],
    ['cors for everybody', { cors: { origins: ['*'], credentials: false, methods: ['GET'] } }],
  ])('[HTTP-3] that may read by %s may not write', (_, options) => {
    expect(refusalOf(post({ origin: APP }), options)).toBe('cross_site_request')
  })

  test.each([APP.toUpperCase(), `${APP}/`, `${APP}:443`, 'http://app.example.com', 'https://app.example.com.evil.net', '', ' '])(
    '[HTTP-3] that is not the own one by letter is another: %j',
    (origin) => {
      expect(refusalOf(post({ origin }), { publicOrigins: [APP] })).toBe('cross_site_request')
    },
  )

  test('[HTTP-3] is never compared with the host that the request claims', () => {
    const headers = { host: 'app.example.com', 'x-forwarded-host': 'app.example.com', origin: APP }
    expect(refusalOf(post(headers), { trustedProxies: 1 })).toBe('cross_site_request')
  })

  test('[HTTP-3] that is trusted no longer is refused at once', () => {
    const trustedOrigins = originList([APP])
    const guard = csrf({ trustedOrigins })
    trustedOrigins.replace([])
    expect(guard(post({ origin: APP }))).toMatchObject({ ok: false })
  })
})

describe('a request that says nothing of where it came from', () => {
  test('[HTTP-3] passes without a cookie: it carries nothing that a browser adds by itself', () => {
    expect(refusalOf(post({ authorization: 'Bearer x' }))).toBeUndefined()
  })

  test('[HTTP-3] is refused with one, unless the application has such clients', () => {
    expect(refusalOf(post({ cookie: 'sid=1' }))).toBe('cross_site_request')
    expect(refusalOf(post({ cookie: '' }))).toBe('cross_site_request')
    expect(refusalOf(post({ cookie: 'sid=1' }), { csrf: { unsignalled: 'allow' } })).toBeUndefined()
  })

  test('[HTTP-3] is not one that says something', () => {
    const options: BaselineOptions = { csrf: { unsignalled: 'allow' } }
    expect(refusalOf(post({ cookie: 'sid=1', origin: EVIL }), options)).toBe('cross_site_request')
    expect(refusalOf(post({ cookie: 'sid=1', 'sec-fetch-site': 'cross-site' }), options)).toBe('cross_site_request')
  })
})

// A browser sends one from any page, with cookies, and lets that page read what comes of it.
describe('the handshake of a WebSocket', () => {
  const handshake = (headers: Readonly<Record<string, string>>, method = 'GET'): HttpContext =>
    context({ method, headers: { upgrade: 'websocket', ...headers } })

  test('[HTTP-3] is judged like what changes something', () => {
    expect(refusalOf(handshake({ origin: EVIL, cookie: 'sid=1' }))).toBe('cross_site_request')
    expect(refusalOf(handshake({ 'sec-fetch-site': 'same-site' }))).toBe('cross_site_request')
    expect(refusalOf(handshake({ cookie: 'sid=1' }))).toBe('cross_site_request')
    expect(refusalOf(handshake({ upgrade: 'h2c, WebSocket', origin: EVIL }))).toBe('cross_site_request')
    expect(refusalOf(context({ headers: { 'sec-fetch-mode': 'websocket', 'sec-fetch-site': 'cross-site' } }))).toBe(
      'cross_site_request',
    )
    expect(refusalOf(handshake({ origin: APP, cookie: 'sid=1' }), { publicOrigins: [APP] })).toBeUndefined()
    expect(refusalOf(handshake({}))).toBeUndefined()
  })

  test('[HTTP-3] needs no token, which no page could send', () => {
    const token = { secrets: secretRing({ current: generateSecret() }), session: 'sid' }
    const ctx = { ...handshake({ 'sec-fetch-site': 'same-origin', cookie: 'sid=1' }), cookie: () => '1' }
    expect(refusalOf(ctx, { csrf: { token } })).toBeUndefined()
  })

  test('[HTTP-3] is not any other upgrade', () => {
    expect(refusalOf(handshake({ upgrade: 'h2c', origin: EVIL, cookie: 'sid=1' }))).toBeUndefined()
  })
})

describe('except', () => {
  const options: BaselineOptions = { csrf: { except: ({ path }) => path === '/saml/callback' } }
  const forged = { 'sec-fetch-site': 'cross-site', origin: EVIL }

  test('[HTTP-3] lets pass what other sites post to, and endpoints that protect themselves still do', () => {
    const ctx = context({ method: 'POST', path: '/saml/callback', headers: forged })
    expect(refusalOf(ctx, options)).toBeUndefined()
    expect([isCsrfJudged(ctx), isCsrfExcepted(ctx), refusedAsCrossSite(ctx)?.code]).toEqual([false, true, 'cross_site_request'])
    const own = context({ method: 'POST', path: '/saml/callback', headers: { 'sec-fetch-site': 'same-origin' } })
    expect(refusalOf(own, options)).toBeUndefined()
    expect([isCsrfJudged(own), isCsrfExcepted(own)]).toEqual([true, false])
    expect(refusalOf(context({ method: 'POST', path: '/saml/callback/x', headers: forged }), options)).toBe('cross_site_request')
  })

  test('[HTTP-3] counts only when it says true: a promise does not', () => {
    const except = (() => Promise.resolve(false)) as unknown as NonNullable<CsrfOptions['except']>
    expect(refusalOf(post(forged), { csrf: { except } })).toBe('cross_site_request')
  })

  test('[HTTP-3] that throws lets nothing pass', () => {
    const except = (): boolean => {
      throw new Error('broken')
    }
    expect(refusalOf(post(forged), { csrf: { except } })).toBe('cross_site_request')
    expect(outcomeOf(post({ 'sec-fetch-site': 'same-origin' }), { csrf: { except } }).fault).toBeUndefined()
  })
})

describe('a refusal', () => {
  test.each<[Readonly<Record<string, string>>, reason: string, why: RegExp]>([
    [
      { 'sec-fetch-site': 'cross-site', origin: EVIL },
      'fetch_metadata',
      /Sec-Fetch-Site says "cross-site", and the origin "https:\/\/evil/,
    ],
    [{ 'sec-fetch-site': 'same-site' }, 'fetch_metadata', /no single Origin/],
    [{ origin: EVIL }, 'origin', /configure publicOrigins/],
    [{ cookie: 's3cret=hunter2' }, 'unsignalled', /unsignalled: 'allow'/],
  ])('[HTTP-3] of %j is reported and explained, and the client learns neither', (headers, reason, why) => {
    const events: HttpEvent[] = []
    const ctx = post(headers)
    const { refused } = outcomeOf(ctx, { events: (event) => void events.push(event), now: () => 42 })
    const data = { origin: headers['origin'], method: 'POST', route: undefined, reason }
    expect(events).toMatchObject([{ name: 'cross_site_request', severity: 'warn', at: 42, client: { ip: '192.0.2.1' }, data }])
    expect(explain(ctx)).toMatchObject({ code: 'cross_site_request', status: 403, why: expect.stringMatching(why) })
    expect(String(refused?.reply.body)).not.toMatch(/evil|hunter2|publicOrigins|unsignalled/)
    expect(JSON.stringify([events, explain(ctx)])).not.toContain('hunter2')
  })

  test('[HTTP-3] does not tell to configure what is configured', () => {
    const ctx = post({ origin: EVIL })
    outcomeOf(ctx, { publicOrigins: [APP] })
    expect(explain(ctx)?.why).not.toContain('configure')
  })

  test('[HTTP-3] comes with the headers of baseline, and can be read by a page that may', () => {
    const { headers, refused } = outcomeOf(post({ origin: EVIL }), { cors: { origins: [APP] } })
    const lines = [...headers, ...(refused?.reply.headers ?? [])].map(([name]) => name)
    expect(lines).toEqual(expect.arrayContaining(['x-request-id', 'x-content-type-options', 'vary']))
  })
})

describe('endpoints that protect themselves', () => {
  const fromSibling = { 'sec-fetch-site': 'same-site', origin: APP }

  test('[HTTP-3] refuse another site where nothing has judged the request', () => {
    const ctx = post(fromSibling)
    expect(refusedAsCrossSite(ctx)?.reply.status).toBe(403)
    expect(explain(ctx)?.code).toBe('cross_site_request')
    expect(refusedAsCrossSite(post({ 'sec-fetch-site': 'none' }))).toBeUndefined()
    expect(refusedAsCrossSite(post())).toBeUndefined()
  })

  test('[HTTP-3] believe csrf, which knows whom the application trusts', () => {
    const ctx = post(fromSibling)
    expect(refusalOf(ctx, { csrf: { trustedOrigins: [APP] } })).toBeUndefined()
    expect(refusedAsCrossSite(ctx)).toBeUndefined()
  })

  test('[HTTP-3] do not believe a csrf that was turned off, or had nothing to judge', () => {
    const [off, read] = [post(fromSibling), post(fromSibling, 'GET')]
    expect([refusalOf(off, { csrf: false }), refusalOf(read)]).toEqual([undefined, undefined])
    expect([refusedAsCrossSite(off)?.code, refusedAsCrossSite(read)?.code]).toEqual(['cross_site_request', 'cross_site_request'])
  })
})

test.each<[why: string, options: object, said: RegExp]>([
  ['everybody trusted', { trustedOrigins: ['*'] }, /"\*" trusts every site/],
  ['null trusted', { trustedOrigins: ['null'] }, /trustedOrigins\[0\]: "null"/],
  ['a trailing slash', { trustedOrigins: [`${APP}/`] }, /trustedOrigins\[0\]: has a trailing slash; did you mean/],
  ['another word', { unsignalled: 'deny' }, /unsignalled: expected one of refuse, allow/],
  ['a list of exceptions', { except: ['/callback'] }, /except: expected a function/],
  ['a token without secrets', { token: { session: () => 'x' } }, /token\.secrets: required/],
  ['a token without a session', { token: { secrets: { derive: () => ({}) } } }, /token\.session: expected a function/],
  ['a token by true', { token: true }, /token: expected an object/],
  ['an unknown option', { trustedorigins: [] }, /did you mean trustedOrigins/],
])('[HTTP-3] csrf does not start with %s', (_, options, message) => {
  expect(() => csrf(options)).toThrow(ConfigurationError)
  expect(() => csrf(options)).toThrow(message)
  expect(() => baseline({ csrf: options })).toThrow(message)
})
