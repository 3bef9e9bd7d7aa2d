import { hasBody, jsonReply, requireJson } from '@wardstone/http'
import { expect, test } from 'vitest'
import { context } from './context.ts'

const LENGTH = { 'content-length': '2' }

test.each<[why: string, accepted: boolean, headers: Record<string, string>]>([
  ['the type', true, { ...LENGTH, 'content-type': 'application/json' }],
  ['its case', true, { ...LENGTH, 'content-type': 'Application/JSON' }],
  ['parameters', true, { ...LENGTH, 'content-type': 'application/json; charset=utf-8' }],
  ['a space before them', true, { ...LENGTH, 'content-type': ' application/json ;a=b' }],
  ['UTF-8, said in capitals', true, { ...LENGTH, 'content-type': 'application/json;charset=UTF-8' }],
  ['UTF-8, said in quotes', true, { ...LENGTH, 'content-type': 'application/json; charset="utf-8"' }],
  ['an empty parameter', true, { ...LENGTH, 'content-type': 'application/json; charset=utf-8;' }],
  ['another charset', false, { ...LENGTH, 'content-type': 'application/json; charset=utf-16' }],
  ['a charset that hides behind another', false, { ...LENGTH, 'content-type': 'application/json; charset=utf-8; charset=utf-7' }],
  ['a charset that begins like UTF-8', false, { ...LENGTH, 'content-type': 'application/json; charset=utf-8859' }],
  ['a charset in an odd spelling', false, { ...LENGTH, 'content-type': 'application/json; Charset = "utf\\-16"' }],
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

test('[HTTP-4] a refusal says why, in no more than a line', () => {
  const headers = { ...LENGTH, 'content-type': `text/plain; boundary=${'x'.repeat(10_000)}` }
  const refused = requireJson(context({ method: 'POST', headers }))
  expect(refused?.why).toMatch(/^content-type is "text\/plain; boundary=x+…"$/)
  expect(refused?.why?.length).toBeLessThan(200)
  expect(String(refused?.reply.body)).not.toContain('text/plain')
})
