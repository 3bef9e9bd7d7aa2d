import { ConfigurationError } from '@wardstone/core'
import { baseline, clientFacts, requestIdKey, type BaselineOptions, type HttpContext } from '@wardstone/http'
import { expect, test } from 'vitest'
import { context } from './context.ts'

/** What the guard decides: nothing in it waits. */
function headersOf(ctx: HttpContext, options?: BaselineOptions): ReadonlyMap<string, string> {
  const decision = baseline(options)(ctx)
  if (decision instanceof Promise || !decision.ok) throw new Error('baseline allows, at once')
  return new Map(decision.headers)
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

test('[HTTP-1] constant headers are set; options replace them or leave them out', () => {
  expect([...headersOf(context()).entries()].slice(1)).toEqual([
    ['x-content-type-options', 'nosniff'],
    ['x-frame-options', 'DENY'],
    ['x-xss-protection', '0'],
    ['referrer-policy', 'strict-origin-when-cross-origin'],
    ['cross-origin-opener-policy', 'same-origin'],
    ['cross-origin-resource-policy', 'same-origin'],
  ])
  const own = headersOf(context(), {
    headers: { override: { 'x-frame-options': false, 'referrer-policy': 'no-referrer', 'x-own': '1' } },
  })
  expect([own.get('x-frame-options'), own.get('referrer-policy'), own.get('x-own')]).toEqual([undefined, 'no-referrer', '1'])
})

test('[HTTP-5] every request gets an id of its own, in the state and in the answer', () => {
  const [a, b] = [context(), context()]
  const [idA, idB] = [headersOf(a).get('x-request-id'), headersOf(b).get('x-request-id')]
  expect(idA).toMatch(UUID)
  expect(idA).not.toBe(idB)
  expect([a.state.get(requestIdKey), clientFacts(b).requestId]).toEqual([idA, idB])
})

test.each([
  ['abcdefgh', true],
  ['a.b-c_d1', true],
  ['x'.repeat(128), true],
  ['short', false],
  ['x'.repeat(129), false],
  ['with space', false],
  ['comma,comma', false],
  ['<script>alert</script>', false],
])('[HTTP-5] the id %j of a trusted proxy is kept: %s', (id, kept) => {
  const ctx = context({ headers: { 'x-request-id': id } })
  expect(headersOf(ctx, { trustedProxies: ['192.0.2.1'] }).get('x-request-id') === id).toBe(kept)
})

test('[HTTP-5] an id that nobody trusted sent is not kept', () => {
  const ctx = context({ headers: { 'x-request-id': 'abcdefgh' } })
  expect(headersOf(ctx, { trustedProxies: ['198.51.100.0/24'] }).get('x-request-id')).toMatch(UUID)
})

test.each<[why: string, sent: boolean, ctx: Parameters<typeof context>[0], options: BaselineOptions]>([
  ['over TLS', true, { secure: true }, {}],
  ['over TLS, left out', false, { secure: true }, { headers: { override: { 'strict-transport-security': false } } }],
  ['in the clear', false, {}, {}],
  ['in the clear, asked for', false, {}, { headers: { override: { 'strict-transport-security': 'max-age=1' } } }],
  ['over TLS to a trusted proxy', true, { headers: { 'x-forwarded-proto': 'https' } }, { trustedProxies: 1 }],
  ['over TLS to nobody known', false, { headers: { 'x-forwarded-proto': 'https' } }, {}],
  [
    'in the clear behind TLS behind a trusted proxy',
    false,
    { headers: { 'x-forwarded-proto': 'https, http' } },
    { trustedProxies: 1 },
  ],
])('[HTTP-1] HSTS %s: %s', (_, sent, ctx, options) => {
  expect(headersOf(context(ctx), options).has('strict-transport-security')).toBe(sent)
})

test('[HTTP-1] the value of HSTS may be chosen', () => {
  const override = { 'strict-transport-security': 'max-age=63072000; includeSubDomains; preload' } as const
  expect(headersOf(context({ secure: true }), { headers: { override } }).get('strict-transport-security')).toBe(
    override['strict-transport-security'],
  )
})

test('[RATE-10] all wrong options are named at once, with none of their values', () => {
  const wrong = { trustedProxies: ['everybody'], headers: { override: { 'X-Upper': 's3cret' } }, trustedproxies: [] }
  let caught: unknown
  try {
    baseline(wrong as BaselineOptions)
  } catch (error) {
    caught = error
  }
  expect(caught).toBeInstanceOf(ConfigurationError)
  const { message, problems } = caught as ConfigurationError
  expect(problems.map(({ option }) => option)).toEqual(['trustedProxies', 'headers.override', 'trustedproxies'])
  expect(message).toContain('did you mean trustedProxies?')
  expect(message).not.toMatch(/everybody|s3cret/)
})

test.each<[string, unknown]>([
  ['everything by prefix', { trustedProxies: ['0.0.0.0/0'] }],
  ['everything by true', { trustedProxies: true }],
  ['a preset', { trustedProxies: 'loopback' }],
  ['half a hop', { trustedProxies: 0.5 }],
  ['a header with a line break', { headers: { override: { 'x-a': 'a\r\nb: c' } } }],
  ['an empty header', { headers: { override: { 'x-a': '' } } }],
  ['a header that is a number', { headers: { override: { 'x-a': 1 } } }],
  ['headers as a list', { headers: [['x-a', '1']] }],
])('[RATE-10] baseline does not start with %s', (_, options) => {
  expect(() => baseline(options as BaselineOptions)).toThrow(ConfigurationError)
})
