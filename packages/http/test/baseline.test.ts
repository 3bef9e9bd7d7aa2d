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
  expect(problems.map(({ option }) => option).sort()).toEqual(['headers.override', 'trustedProxies', 'trustedproxies'])
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
