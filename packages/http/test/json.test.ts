import { hasBody, jsonReply, parseJson, requireJson } from '@wardstone/http'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { context } from './context.ts'

const LENGTH = { 'content-length': '2' }

test.each<[why: string, accepted: boolean, headers: Record<string, string>]>([
  ['the type', true, { ...LENGTH, 'content-type': 'application/json' }],
  ['its case', true, { ...LENGTH, 'content-type': 'Application/JSON' }],
  ['parameters', true, { ...LENGTH, 'content-type': 'application/json; charset=utf-8' }],
  ['a space before them', true, { ...LENGTH, 'content-type': ' application/json ;a=b' }],
  ['no encoding, said aloud', true, { ...LENGTH, 'content-type': 'application/json', 'content-encoding': 'Identity' }],
  ['nothing at all', true, {}],
  ['no body', true, { 'content-length': '0' }],
  ['a body without a type', false, LENGTH],
  ['chunks without a type', false, { 'transfer-encoding': 'chunked' }],
  ['a form', false, { ...LENGTH, 'content-type': 'application/x-www-form-urlencoded' }],
  ['a form without a body', false, { 'content-length': '0', 'content-type': 'application/x-www-form-urlencoded' }],
  ['text that ends like the type', false, { ...LENGTH, 'content-type': 'text/plain; application/json' }],
  ['a longer type', false, { ...LENGTH, 'content-type': 'application/jsonp' }],
  ['another JSON', false, { ...LENGTH, 'content-type': 'application/csp-report+json' }],
  ['compressed', false, { ...LENGTH, 'content-type': 'application/json', 'content-encoding': 'gzip' }],
])('[HTTP-4] content that is %s: accepted %s', (_, accepted, headers) => {
  const refused = requireJson(context({ method: 'POST', headers }))
  expect(refused?.reply.status).toBe(accepted ? undefined : 415)
})

test('[HTTP-4] of GET and HEAD nothing is asked', () => {
  const headers = { ...LENGTH, 'content-type': 'text/plain' }
  expect(['GET', 'HEAD'].map((method) => requireJson(context({ method, headers })))).toEqual([undefined, undefined])
})

test('a body is there when one is announced that is not empty', () => {
  const bodies = [{}, { 'content-length': '0' }, LENGTH, { 'transfer-encoding': 'chunked' }].map((headers) =>
    hasBody(context({ headers })),
  )
  expect(bodies).toEqual([false, false, true, true])
})

test('JSON is parsed as JSON.parse does', () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      expect(parseJson(text)).toEqual(JSON.parse(text))
    }),
  )
})

test('[INPUT-3] poisoned keys are refused at any depth and in any spelling, and nothing else is', () => {
  const poison = fc.constantFrom(
    '"__proto__":1',
    '"\\u005f_proto__":{}',
    '"constructor":{"prototype":{}}',
    '"\\u0063onstructor":{"prototype":1}',
  )
  const harmless = fc.constantFrom(
    '"a":"__proto__"',
    '"constructor":1',
    '"constructor":{"a":1}',
    '"prototype":{}',
    '"\\u005fproto":1',
  )
  const nest = fc.array(fc.constantFrom('[', '{"k":'), { maxLength: 6 })
  const wrap = (open: readonly string[], inner: string): string =>
    open.join('') +
    inner +
    open
      .map((o) => (o === '[' ? ']' : '}'))
      .toReversed()
      .join('')
  fc.assert(
    fc.property(nest, poison, (open, key) => {
      expect(() => parseJson(wrap(open, `{${key}}`))).toThrow(SyntaxError)
    }),
  )
  fc.assert(
    fc.property(nest, harmless, (open, key) => {
      const text = wrap(open, `{${key}}`)
      expect(parseJson(text)).toEqual(JSON.parse(text))
    }),
  )
})

test('deep and wide JSON is looked through without recursion', () => {
  const wide = `["\\u0061",${'0,'.repeat(300_000)}0]`
  expect((parseJson(wide) as unknown[]).length).toBe(300_002)
  const deep = '['.repeat(4000) + '"__proto__"' + ']'.repeat(4000)
  expect(JSON.stringify(parseJson(deep)).length).toBe(deep.length)
})

test('a reply is JSON with its type first', () => {
  expect(jsonReply(201, { a: 1 }, [['location', '/a/1']])).toEqual({
    status: 201,
    headers: [
      ['content-type', 'application/json'],
      ['location', '/a/1'],
    ],
    body: '{"a":1}',
  })
})
