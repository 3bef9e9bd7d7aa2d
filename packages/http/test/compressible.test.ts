import { generateSecret, secretRing } from '@wardstone/core'
import {
  compressible,
  csrf,
  csrfToken,
  readCompression,
  variesByEncoding,
  type HeadView,
  type HttpContext,
} from '@wardstone/http'
import { expect, test } from 'vitest'
import { context } from './context.ts'

const head = (headers: Record<string, string> = {}, status = 200): HeadView => {
  const all: Readonly<Record<string, string>> = { 'content-type': 'text/html; charset=utf-8', ...headers }
  return { status, header: (name) => all[name] }
}

const both = (ctx: HttpContext, view: HeadView): readonly [boolean, boolean] => [variesByEncoding(view), compressible(ctx, view)]

test.each([
  'text/html',
  'text/css; charset=utf-8',
  'TEXT/Plain',
  'application/json',
  'application/problem+json',
  'application/javascript',
  'text/javascript',
  'application/xml;q=1',
  'image/svg+xml',
  'application/wasm',
  'font/ttf',
])('[HTTP-6] %s shrinks', (type) => {
  expect(both(context(), head({ 'content-type': type }))).toEqual([true, true])
})

test.each([
  'text/event-stream',
  'Text/Event-Stream; charset=utf-8',
  'image/png',
  'image/webp',
  'video/mp4',
  'font/woff2',
  'application/zip',
  'application/gzip',
  'application/octet-stream',
  'application/jsonp',
  'multipart/byteranges; boundary=json',
  '',
])('[HTTP-6] "%s" does not shrink, or must not wait', (type) => {
  expect(both(context(), head({ 'content-type': type }))).toEqual([false, false])
})

test.each([
  ['encoded already', { 'content-encoding': 'br' }, [false, false]],
  ['encoded as nothing', { 'content-encoding': 'identity' }, [true, true]],
  ['not to be changed on the way', { 'cache-control': 'public, No-Transform' }, [false, false]],
  ['not to be changed, as another directive only begins', { 'cache-control': 'no-transformer' }, [true, true]],
  ['a part', { 'content-range': 'bytes 0-9/100' }, [true, false]],
  ['with a cookie', { 'set-cookie': 'sid=1' }, [true, false]],
] as const)('[HTTP-6] what is %s: varies and shrinks %j %j', (_, headers, expected) => {
  expect(both(context(), head(headers))).toEqual(expected)
})

test.each<[string, number, Record<string, string | undefined>, boolean]>([
  ['a part of a page', 206, { 'content-range': 'bytes 0-9/100' }, true],
  ['a part of a picture', 206, { 'content-type': 'image/png' }, false],
  ['parts that do not say of what', 206, { 'content-type': 'multipart/byteranges; boundary=x' }, true],
  ['what is still good', 304, { 'content-type': undefined }, true],
  ['a picture that is still good', 304, { 'content-type': 'image/png' }, false],
  ['what is still good and never changed on the way', 304, { 'cache-control': 'no-transform' }, false],
])('[HTTP-6] %s (%i) varies as the whole does, and is not compressed', (_, status, headers, expected) => {
  expect(both(context(), head(headers as Record<string, string>, status))).toEqual([expected, false])
})

test.each([204, 205, 101])('[HTTP-6] a %i is sent as it is', (status) => {
  expect(both(context(), head({}, status))).toEqual([false, false])
})

test.each([200, 201, 404, 500])('[HTTP-6] a %i may be compressed', (status) => {
  expect(both(context(), head({}, status))).toEqual([true, true])
})

// The answer is the same bytes, so a cache may hand it to others: it says what it depends on, whoever asked.
test.each([
  ['HEAD', { method: 'HEAD' }],
  ['who asked for it as it is', { headers: { 'x-no-compression': '1' } }],
  ['another site', { headers: { 'sec-fetch-site': 'cross-site' } }],
])('[HTTP-6] for %s nothing is compressed, and the address still varies', (_, request) => {
  expect(both(context(request), head())).toEqual([true, false])
})

test.each(['same-origin', 'same-site', 'none'])('[HTTP-6] a request from %s gets compressed pages', (site) => {
  expect(compressible(context({ headers: { 'sec-fetch-site': site } }), head())).toBe(true)
})

test('[HTTP-6] a page in which a token against forged requests was put is sent as it is', () => {
  const guard = csrf({ token: { secrets: secretRing({ current: generateSecret() }), session: () => 'ana' } })
  const [with_, without] = [context(), context()]
  for (const ctx of [with_, without]) void guard(ctx)
  csrfToken(with_)
  expect([compressible(with_, head()), compressible(without, head())]).toEqual([false, true])
})

test('[HTTP-6] from 1 KiB on, at level 6, unless told otherwise', () => {
  expect(readCompression(undefined)).toEqual({ minBytes: 1024, level: 6 })
  expect(readCompression({ minBytes: 0, level: 9 })).toEqual({ minBytes: 0, level: 9 })
  expect(() => readCompression({ level: 0 })).toThrow(/^compression: level: expected a whole number from 1 to 9/)
  expect(() => readCompression({ threshold: 1 } as object)).toThrow(/threshold: unknown option/)
})
