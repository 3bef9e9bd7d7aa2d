import { originList } from '@wardstone/http'
import fc from 'fast-check'
import { expect, test } from 'vitest'

// What gets around lists that are compared by prefix, suffix, expression or URL parser. Each row is an `Origin` header.
const list = originList([
  'https://example.com',
  'https://app.example.com:8443',
  'https://*.example.org',
  'https://*.ports.example.org:8443',
])

test.each([
  'https://example.com',
  'https://app.example.com:8443',
  'https://a.example.org',
  'https://a-1_b.example.org',
  'https://xn--bcher-kva.example.org',
  'https://pr-12.ports.example.org:8443',
])('[HTTP-2] %s is listed', (origin) => {
  expect(list.has(origin)).toBe(true)
})

test.each<[trick: string, origin: string]>([
  ['suffix', 'https://evil-example.com'],
  ['suffix of a label', 'https://evilexample.org'],
  ['suffix after a dash', 'https://evil-example.org'],
  ['prefix', 'https://example.com.evil.net'],
  ['prefix of a wildcard', 'https://a.example.org.evil.net'],
  ['prefix without a dot', 'https://example.comevil.net'],
  ['another port', 'https://example.com:8443'],
  ['no port', 'https://app.example.com'],
  ['a longer port', 'https://app.example.com:84430'],
  ['the default port, written', 'https://example.com:443'],
  ['a port on a wildcard', 'https://a.example.org:8443'],
  ['no port on a wildcard with one', 'https://a.ports.example.org'],
  ['plain http', 'http://example.com'],
  ['plain http below a wildcard', 'http://a.example.org'],
  ['another scheme', 'ftp://example.com'],
  ['no scheme', 'example.com'],
  ['half a scheme', '//example.com'],
  ['userinfo', 'https://example.com@evil.net'],
  ['userinfo with a password', 'https://a:b@example.com'],
  ['userinfo below a wildcard', 'https://evil.net@a.example.org'],
  ['userinfo that ends like a wildcard', 'https://evil.net:1@.example.org'],
  ['upper case', 'https://EXAMPLE.com'],
  ['upper-case scheme', 'HTTPS://example.com'],
  ['upper case below a wildcard', 'https://A.example.org'],
  ['a trailing dot', 'https://example.com.'],
  ['a trailing dot below a wildcard', 'https://a.example.org.'],
  ['a trailing slash', 'https://example.com/'],
  ['a path', 'https://example.com/x'],
  ['a path that ends like a wildcard', 'https://evil.net/.example.org'],
  ['a query that ends like a wildcard', 'https://evil.net?.example.org'],
  ['a fragment that ends like a wildcard', 'https://evil.net#.example.org'],
  ['a backslash that ends like a wildcard', 'https://evil\\.example.org'],
  ['a percent sign in the label', 'https://evil%2e.example.org'],
  ['the bare domain of a wildcard', 'https://example.org'],
  ['an empty label', 'https://.example.org'],
  ['two labels', 'https://a.b.example.org'],
  ['two dots', 'https://a..example.org'],
  ['the wildcard itself', 'https://*.example.org'],
  ['everybody', '*'],
  ['a label of 64', `https://${'a'.repeat(64)}.example.org`],
  ['a unicode host', 'https://exämple.com'],
  ['a homograph', 'https://еxample.com'],
  ['a fullwidth dot', 'https://a。example.org'],
  ['unicode below a wildcard', 'https://bücher.example.org'],
  ['a soft hyphen', 'https://exam\u00adple.com'],
  ['null', 'null'],
  ['Null', 'Null'],
  ['nothing', ''],
  ['a space', ' '],
  ['a space before', ' https://example.com'],
  ['a space after', 'https://example.com '],
  ['a tab', 'https://example.com\t'],
  ['a tab in the host', 'https://exam\tple.com'],
  ['a line break', 'https://example.com\n'],
  ['two in one line', 'https://example.com https://evil.net'],
  ['two with a comma', 'https://example.com, https://evil.net'],
  ['a listed one last', 'https://evil.net, https://example.com'],
  ['a zero byte', 'https://example.com\0.evil.net'],
  ['a zero byte in a label', 'https://a\0.example.org'],
  ['very long', `https://${'a.'.repeat(8000)}example.org`],
  ['very long label', `https://${'a'.repeat(16_000)}.example.org`],
  ['an IPv4 address', 'https://127.0.0.1'],
  ['a member of every object', '__proto__'],
])('[HTTP-2] %s does not get around the list: %s', (_, origin) => {
  expect(list.has(origin)).toBe(false)
})

const exact = 'https://example.com'
const one = originList([exact])

test('[HTTP-2] nothing but the entry itself is listed, whatever is done to it', () => {
  const edit = fc.record({ at: fc.nat(exact.length), drop: fc.nat(3), put: fc.string({ maxLength: 4, unit: 'binary' }) })
  fc.assert(
    fc.property(edit, ({ at, drop, put }) => {
      const edited = exact.slice(0, at) + put + exact.slice(at + drop)
      expect(one.has(edited)).toBe(edited === exact)
    }),
    { numRuns: 2000 },
  )
})

test('[HTTP-2] below a wildcard there is exactly one label of what a URL parser would call a host there', () => {
  const part = fc.oneof(
    fc.constantFrom('a', 'evil.net', '.', '..', '@', ':', '/', '?', '#', '\\', '%2e', '*', 'A', 'ü', ' ', ',', '-', '_', '8443'),
    fc.string({ maxLength: 3, unit: 'binary' }),
  )
  fc.assert(
    fc.property(fc.array(part, { maxLength: 5 }), fc.array(part, { maxLength: 2 }), (before, after) => {
      const origin = `https://${before.join('')}.example.org${after.join('')}`
      if (!list.has(origin)) return
      // A URL parser is the oracle: as browsers write it, on the host that was meant, without a port.
      const url = new URL(origin)
      expect([url.origin, url.port, url.username]).toEqual([origin, '', ''])
      expect(url.hostname).toMatch(/^[^.]+\.example\.org$/)
    }),
    { numRuns: 5000 },
  )
})

test('[HTTP-2] every label that a browser can send is covered', () => {
  fc.assert(
    fc.property(fc.domain(), (domain) => {
      const label = domain.split('.')[0] ?? ''
      const origin = new URL(`https://${label}.example.org`).origin
      expect(list.has(origin)).toBe(true)
    }),
  )
})
