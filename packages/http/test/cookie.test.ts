import { ConfigurationError } from '@wardstone/core'
import { readCookie, serializeCookie } from '@wardstone/http'
import fc from 'fast-check'
import { expect, test } from 'vitest'

const strict = { httpOnly: true, secure: true, sameSite: 'strict', path: '/' } as const

test.each<[header: string | undefined, found: string | undefined, why: string]>([
  [undefined, undefined, 'no header'],
  ['', undefined, 'an empty header'],
  ['sid=1', '1', 'one'],
  ['a=0; sid=1; b=2', '1', 'one among others'],
  ['a=0;sid=1;b=2', '1', 'without spaces'],
  [' sid = 1 ;', '1', 'with spaces'],
  ['\tsid\t=\t1\t', '1', 'with tabs'],
  ['sid=', '', 'an empty value'],
  ['sid', undefined, 'no value'],
  ['=sid', undefined, 'no name'],
  ['sid=a=b=', 'a=b=', 'equals signs in the value'],
  ['sid="1"', '1', 'quoted'],
  ['sid="', '"', 'half a quote'],
  ['sid=%41', '%41', 'not decoded'],
  ['sid=1; sid=1', undefined, 'twice the same'],
  ['sid=1; a=0; sid=2', undefined, 'twice'],
  ['sid=; sid=2', undefined, 'twice, one of them empty'],
  ['Sid=1', undefined, 'another case'],
  ['xsid=1; sidx=2', undefined, 'only a part of a name'],
  ['__Host-sid=1', undefined, 'another prefix'],
  ['a="x; sid=1"', '1"', 'a quote does not span cookies, as in RFC 6265'],
  ['\u00a0sid=1', undefined, 'a space that only Unicode knows'],
  ['\ufeffsid=1', undefined, 'a byte order mark'],
])('[TOK-12] of the cookies %j, sid is %j: %s', (header, found) => {
  expect(readCookie(header, 'sid')).toBe(found)
})

test('[TOK-12] a cookie with a prefix is found by its whole name only', () => {
  const header = 'refresh=a; __Host-refresh=b; __host-refresh=c; __Secure-refresh=d'
  expect(readCookie(header, '__Host-refresh')).toBe('b')
})

test('what is written comes back, whatever stands around it', () => {
  const name = fc.stringMatching(/^[\w.~-]{1,12}$/)
  fc.assert(
    fc.property(fc.uniqueArray(name, { minLength: 1, maxLength: 6 }), fc.stringMatching(/^[\w.~-]{0,20}$/), (names, value) => {
      const header = names.map((n) => serializeCookie(n, n === names[0] ? value : 'x', strict, 1000).split('; ')[0]).join('; ')
      expect(readCookie(header, names[0] ?? '')).toBe(value)
    }),
  )
})

test.each([
  [strict, 1500, 'n=v; Path=/; Max-Age=2; HttpOnly; Secure; SameSite=Strict'],
  [{ ...strict, sameSite: 'lax', secure: false }, 0, 'n=v; Path=/; Max-Age=0; HttpOnly; SameSite=Lax'],
  [{ ...strict, sameSite: 'none', httpOnly: false, path: '/auth' }, -5, 'n=v; Path=/auth; Max-Age=0; Secure; SameSite=None'],
] as const)('[TOK-12] attributes %j for %i ms', (attributes, maxAgeMs, expected) => {
  expect(serializeCookie('n', 'v', attributes, maxAgeMs)).toBe(expected)
})

test.each([
  ['n', 'v; Domain=evil.test'],
  ['n', 'v\r\nset-cookie: a=b'],
  ['n', 'v v'],
  ['n=', 'v'],
  ['', 'v'],
  ['n;', 'v'],
])('nothing that could end a cookie early is written: %j = %j', (name, value) => {
  expect(() => serializeCookie(name, value, strict, 1000)).toThrow(ConfigurationError)
})

test('the refusal to write a cookie does not repeat its value', () => {
  expect(() => serializeCookie('n', 'the secret;', strict, 1000)).toThrow(/^(?!.*the secret)/)
})
