import crypto, { createHash, createHmac, randomBytes } from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import { generateSecret, InvalidArgumentError, secret, secretRing, type SecretRing } from '@wardstone/core'
import {
  baseline,
  csrf,
  csrfToken,
  readCookie,
  type CsrfTokenOptions,
  type Guard,
  type HttpContext,
  type HttpEvent,
  type Refused,
} from '@wardstone/http'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { context } from './context.ts'

const secrets = secretRing({ current: generateSecret() })

const guardOf = (over: Partial<CsrfTokenOptions> = {}, events?: (event: HttpEvent) => void): Guard =>
  csrf({ events, token: { secrets, session: (ctx) => ctx.cookie('sid'), ...over } })

function asked(guard: Guard, session: string | undefined, token?: string, over: Parameters<typeof context>[0] = {}): HttpContext {
  const headers = { 'sec-fetch-site': 'same-origin', ...(token === undefined ? {} : { 'x-csrf-token': token }), ...over.headers }
  const ctx = context({ method: 'POST', cookie: (name) => (name === 'sid' ? session : undefined), ...over, headers })
  Object.assign(ctx, { decision: guard(ctx) })
  return ctx
}

/** What is said of a write: `undefined` when it goes on. */
function refusalOf(
  guard: Guard,
  session: string | undefined,
  token?: string,
  over?: Parameters<typeof context>[0],
): string | undefined {
  const { decision } = asked(guard, session, token, over) as HttpContext & { readonly decision: ReturnType<Guard> }
  return decision instanceof Promise || decision.ok ? undefined : decision.code
}

/** The token that a page of the session is given. */
function tokenFor(session: string, guard: Guard = guardOf()): string {
  return csrfToken(asked(guard, session, undefined, { method: 'GET' }))
}

/** The same by the description of the format, with nothing of ours. */
function written(
  session: string,
  ring: SecretRing,
  over: { version?: number; purpose?: string; mark?: Buffer; random?: Buffer } = {},
): string {
  const { kid } = ring.current()
  const key = Buffer.from(crypto.hkdfSync('sha256', ring.current().bytes(), '', 'wardstone:v1:csrf', 32))
  const mark = over.mark ?? createHash('sha256').update(kid).digest().subarray(0, 4)
  const body = Buffer.concat([Buffer.from([over.version ?? 1]), mark, over.random ?? randomBytes(16)])
  const mac = createHmac('sha256', key)
    .update(over.purpose ?? 'wardstone:v1:csrf-token')
    .update(body)
    .update(session)
    .digest()
  return Buffer.concat([body, mac.subarray(0, 16)]).toString('base64url')
}

describe('a write of a session', () => {
  test('[HTTP-3] needs a token of that session', () => {
    const guard = guardOf()
    expect(refusalOf(guard, 'ana', tokenFor('ana'))).toBeUndefined()
    expect(refusalOf(guard, 'ana')).toBe('csrf_token_invalid')
    expect(refusalOf(guard, 'ana', '')).toBe('csrf_token_invalid')
    expect(refusalOf(guard, 'ana', tokenFor('ben'))).toBe('csrf_token_invalid')
    expect(refusalOf(guard, 'an', tokenFor('ana'))).toBe('csrf_token_invalid')
    expect(refusalOf(guard, 'ana2', tokenFor('ana'))).toBe('csrf_token_invalid')
  })

  test('[HTTP-3] needs it in addition: a token does not excuse another site', () => {
    expect(refusalOf(guardOf(), 'ana', tokenFor('ana'), { headers: { 'sec-fetch-site': 'cross-site' } })).toBe(
      'cross_site_request',
    )
  })

  test('[HTTP-3] needs none where nothing is changed, or nobody is signed in', () => {
    expect(refusalOf(guardOf(), 'ana', undefined, { method: 'GET' })).toBeUndefined()
    expect(refusalOf(guardOf(), undefined)).toBeUndefined()
  })

  test('[HTTP-3] with an empty session is refused: it would be everybody’s', () => {
    expect(refusalOf(guardOf(), '', written('', secrets))).toBe('csrf_token_invalid')
  })

  test('[HTTP-3] takes it from the header alone', () => {
    const token = tokenFor('ana')
    const over = {
      path: `/?x-csrf-token=${token}`,
      cookie: (name: string) => (name === 'sid' ? 'ana' : token),
      raw: { body: { 'x-csrf-token': token } },
    }
    expect(refusalOf(guardOf(), 'ana', undefined, over)).toBe('csrf_token_invalid')
    expect(refusalOf(guardOf({ header: 'x-other' }), 'ana', token)).toBe('csrf_token_invalid')
    expect(refusalOf(guardOf({ header: 'x-other' }), 'ana', undefined, { headers: { 'x-other': token } })).toBeUndefined()
  })
})

describe('a session that is named by its cookie', () => {
  const guard = guardOf({ session: 'sid' })
  const refusalWith = (cookie: string | undefined, token?: string): string | undefined => {
    const headers = { ...(cookie === undefined ? {} : { cookie }), 'sec-fetch-site': 'same-origin' }
    return refusalOf(guard, undefined, token, { headers, cookie: (name) => readCookie(cookie, name) })
  }

  test('[HTTP-3] needs a token, and no session needs none', () => {
    expect(refusalWith('a=1; sid=ana', tokenFor('ana'))).toBeUndefined()
    expect(refusalWith('a=1; sid=ana')).toBe('csrf_token_invalid')
    expect([refusalWith(undefined), refusalWith('a=1'), refusalWith('xsid=1; sidx=2; a=sid')]).toEqual([
      undefined,
      undefined,
      undefined,
    ])
  })

  // A sibling host sets a second cookie of this name, and the application takes the first: no token would be asked for.
  test.each(['sid=ana; sid=evil', 'sid=evil;sid=ana', 'sid=ana, sid=evil', 'sid=; sid=ana'])(
    '[HTTP-3] is refused when it comes twice: %s',
    (cookie) => {
      expect(refusalWith(cookie)).toBe('csrf_token_invalid')
      expect([refusalWith(cookie, tokenFor('ana')), refusalWith(cookie, written('', secrets))]).toEqual([
        'csrf_token_invalid',
        'csrf_token_invalid',
      ])
    },
  )

  test.each(['', 'a b', 'sid;', 7])('[HTTP-3] is no name: %j', (session) => {
    expect(() => guardOf({ session: session as string })).toThrow(/token.session: expected/)
  })
})

describe('a token', () => {
  test('[HTTP-3] is what the format says, in both directions', () => {
    expect(refusalOf(guardOf(), 'ana', written('ana', secrets))).toBeUndefined()
    const bytes = Buffer.from(tokenFor('ana'), 'base64url')
    expect(bytes.length).toBe(37)
    expect(written('ana', secrets, { random: bytes.subarray(5, 21) })).toBe(bytes.toString('base64url'))
  })

  test('[HTTP-3] of a fixed secret stays acceptable: a release that changes the format breaks this', () => {
    const ring = secretRing({ current: secret('rJ5Yt0nqgV1m8cQxWb3oZk7HfLs2DuPe9iAyTz4NhRw', { kid: 'fixed' }) })
    expect(refusalOf(guardOf({ secrets: ring }), 'session-1', FIXED)).toBeUndefined()
  })

  test('[HTTP-3] is another one each time: compressed, its length tells nothing of it', () => {
    const bytes = Array.from({ length: 50 }, () => Buffer.from(tokenFor('ana'), 'base64url'))
    for (const part of [bytes.map((b) => b.toString('hex', 5, 21)), bytes.map((b) => b.toString('hex', 21))]) {
      expect(new Set(part).size).toBe(50)
    }
  })

  test.each<[string, string]>([
    ['another version', written('ana', secrets, { version: 2 })],
    ['another purpose', written('ana', secrets, { purpose: 'wardstone:v1:refresh' })],
    ['no purpose', written('ana', secrets, { purpose: '' })],
    ['an unknown secret', written('ana', secrets, { mark: Buffer.alloc(4) })],
    ['another ring', written('ana', secretRing({ current: generateSecret() }))],
    [
      'another ring that took the same id',
      written('ana', secretRing({ current: secret(randomBytes(32), { kid: secrets.current().kid }) })),
    ],
  ])('[HTTP-3] of %s is none', (_, token) => {
    expect(token).toHaveLength(50)
    expect(refusalOf(guardOf(), 'ana', token)).toBe('csrf_token_invalid')
  })

  test('[HTTP-3] is one text: cut, longer, changed or spelled otherwise it is none', () => {
    const [guard, token] = [guardOf(), tokenFor('ana')]
    const last = token.at(-1) ?? ''
    const others = [
      ...Array.from({ length: 50 }, (_, i) => token.slice(0, i)),
      ...Array.from({ length: 50 }, (_, i) => token.slice(0, i) + (token[i] === 'A' ? 'B' : 'A') + token.slice(i + 1)),
      `${token}A`,
      `${token}==`,
      ` ${token}`,
      `${token}, ${token}`,
      token.slice(0, -1) + String.fromCharCode(last.charCodeAt(0) + 1), // the same bytes: the unused bits differ
      token.replaceAll('-', '+').replaceAll('_', '/') + (/[-_]/.test(token) ? '' : '='),
      'x'.repeat(10_000),
    ]
    expect(others.filter((other) => refusalOf(guard, 'ana', other) === undefined)).toEqual([])
  })

  test('[HTTP-3] is accepted for as long as its secret is in the ring', () => {
    const [first, second, third] = [generateSecret(), generateSecret(), generateSecret()]
    const ring = secretRing({ current: first, next: second })
    const guard = guardOf({ secrets: ring })
    const early = written('ana', secretRing({ current: second })) // from a process that has rotated already
    const token = tokenFor('ana', guard)
    expect([refusalOf(guard, 'ana', token), refusalOf(guard, 'ana', early)]).toEqual([undefined, undefined])
    ring.replace({ current: second, previous: first })
    expect(refusalOf(guard, 'ana', token)).toBeUndefined()
    ring.replace({ current: third, previous: second })
    expect([refusalOf(guard, 'ana', token), refusalOf(guard, 'ana', early)]).toEqual(['csrf_token_invalid', undefined])
  })

  test('[HTTP-3] comes back for every session, and never for another', () => {
    const guard = guardOf()
    const session = fc.string({ minLength: 1, maxLength: 200, unit: 'binary' })
    fc.assert(
      fc.property(session, session, (own, other) => {
        const token = tokenFor(own, guard)
        expect(token).toMatch(/^[\w-]{50}$/)
        expect(refusalOf(guard, own, token)).toBeUndefined()
        if (Buffer.from(own).equals(Buffer.from(other))) return
        expect(refusalOf(guard, other, token)).toBe('csrf_token_invalid')
      }),
      { numRuns: 200 },
    )
  })

  test('[HTTP-3] is compared in constant time, and only when it could be one', () => {
    const { timingSafeEqual } = crypto
    let compared = 0
    crypto.timingSafeEqual = (a, b) => {
      compared++
      return timingSafeEqual(a, b)
    }
    syncBuiltinESMExports()
    try {
      const [guard, token] = [guardOf(), tokenFor('ana')]
      refusalOf(guard, 'ana', token)
      refusalOf(guard, 'ben', token)
      expect(compared).toBe(2)
      refusalOf(guard, 'ana', token.slice(1))
      refusalOf(guard, 'ana', 'x'.repeat(10_000))
      refusalOf(guard, 'ana', `!${token.slice(1)}`)
      expect(compared).toBe(2)
    } finally {
      crypto.timingSafeEqual = timingSafeEqual
      syncBuiltinESMExports()
    }
  })
})

/** By `written('session-1', …)` of the first release. */
const FIXED = 'AZkqk0UAAQIDBAUGBwgJCgsMDQ4PWrTkJNyVE4FUDurUSRs6AA'

test('[HTTP-3] a token is made behind csrf, for somebody who has a session', () => {
  expect(() => csrfToken(context())).toThrow(InvalidArgumentError)
  expect(() => csrfToken(asked(csrf(), 'ana', undefined, { method: 'GET' }))).toThrow(/option token/)
  expect(() => csrfToken(asked(guardOf(), undefined, undefined, { method: 'GET' }))).toThrow(/a session/)
  expect(() => tokenFor('')).toThrow(/a session/)
  expect(csrfToken(asked(baseline({ csrf: { token: { secrets, session: () => 'ana' } } }), 'ana'))).toHaveLength(50)
})

test('[HTTP-3] a session that comes late is a mistake, not a session that all share', () => {
  const session = (() => Promise.resolve('ana')) as unknown as CsrfTokenOptions['session']
  const { decision } = asked(guardOf({ session }), 'ana', tokenFor('ana')) as HttpContext & { readonly decision: Refused }
  expect([decision.ok, decision.reply.status]).toEqual([false, 500])
  expect(decision.fault?.error).toBeInstanceOf(InvalidArgumentError)
})

test.each([
  [undefined, 'token_missing'],
  ['x'.repeat(50), 'token_invalid'],
])('[HTTP-3] the event of %j says %s, and nothing of token, session and secret', (token, reason) => {
  const events: HttpEvent[] = []
  const guard = guardOf({}, (event) => void events.push(event))
  const ctx = asked(guard, 'session-of-ana', token)
  expect(events).toMatchObject([{ name: 'cross_site_request', severity: 'warn', data: { reason, method: 'POST' } }])
  expect(JSON.stringify([events, (ctx as unknown as { readonly decision: object }).decision])).not.toMatch(/session-of-ana|xxxx/)
})
