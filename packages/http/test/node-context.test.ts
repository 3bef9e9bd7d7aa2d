import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { baseline } from '@wardstone/http'
import { NodeContext } from '@wardstone/http/node'
import fc from 'fast-check'
import { expect, test } from 'vitest'

class PlainContext extends NodeContext<string> {
  readonly route = undefined

  param(): undefined {
    return undefined
  }
}

interface Sent {
  readonly url?: string
  readonly originalUrl?: string
  readonly remoteAddress?: string | undefined
  readonly encrypted?: boolean
  readonly headers?: ReadonlyArray<readonly [string, string]>
}

/** A message as Node's parser leaves it. */
function receive({ headers = [], remoteAddress, encrypted, ...members }: Sent): PlainContext {
  const socket = Object.defineProperty(new Socket(), 'remoteAddress', { value: remoteAddress })
  const message = Object.assign(new IncomingMessage(Object.assign(socket, { encrypted })), { method: 'GET' }, members)
  message.rawHeaders = headers.flat()
  for (const [name, value] of headers) message.headers[name.toLowerCase()] ??= value
  return new PlainContext(message, 'raw')
}

test.each([
  ['/', '/'],
  ['/a/b', '/a/b'],
  ['/a?b=/c', '/a'],
  ['/?', '/'],
  ['/a#b?c', '/a'],
  ['/a?b#c', '/a'],
  ['//a/b', '//a/b'],
  ['/a/../b', '/a/../b'],
  ['/%2e%2E/%00', '/%2e%2E/%00'],
  ['/http://x/y', '/http://x/y'],
  ['http://host/a?b', '/a'],
  ['http://host:80', '/'],
  ['http://host?b=/c', '/'],
  ['http://host?b=http://x/admin', '/'],
  ['HTTPS://user:pw@host/a', '/a'],
  ['*', '*'],
  ['', ''],
])('the path of the target %j is %j', (url, path) => {
  expect(receive({ url }).path).toBe(path)
})

test('the path is whole also where a router has cut its mount point off', () => {
  expect(receive({ url: '/posts/1', originalUrl: '/api/posts/1?a=b' }).path).toBe('/api/posts/1')
})

test('no target makes the path throw, and no path holds a query', () => {
  fc.assert(
    fc.property(fc.oneof(fc.webUrl({ withQueryParameters: true, withFragments: true }), fc.string()), (url) => {
      expect(receive({ url }).path).not.toMatch(/[?#]/)
    }),
  )
})

test.each([
  ['203.0.113.7', '203.0.113.7'],
  ['::ffff:203.0.113.7', '203.0.113.7'],
  ['2001:DB8::0:1', '2001:db8::1'],
  ['fe80::1%eth0', 'fe80::1'],
  [undefined, undefined],
])('[RATE-10] a socket from %j has the address %j', (remoteAddress, ip) => {
  expect(receive({ remoteAddress }).ip).toBe(ip)
})

test('[RATE-10] what baseline decided counts from then on, a vanished socket included', async () => {
  const ctx = receive({
    remoteAddress: '::ffff:10.0.0.1',
    headers: [
      ['X-Forwarded-For', '203.0.113.7'],
      ['X-Forwarded-Proto', 'https'],
    ],
  })
  expect([ctx.ip, ctx.secure]).toEqual(['10.0.0.1', false])
  await baseline({ trustedProxies: ['10.0.0.0/8'] })(ctx)
  expect([ctx.ip, ctx.secure]).toEqual(['203.0.113.7', true])

  const gone = receive({ remoteAddress: undefined, headers: [['X-Forwarded-For', '203.0.113.7']] })
  await baseline({ trustedProxies: ['10.0.0.0/8'] })(gone)
  expect(gone.ip).toBe(undefined)
})

test.each([
  [true, true],
  [false, false],
])('a socket with TLS: %s is secure: %s', (encrypted, secure) => {
  expect(receive({ encrypted }).secure).toBe(secure)
})

test.each(['authorization', 'origin', 'host'] as const)('%s is read when it stands there once', (name) => {
  expect(receive({ headers: [[name.toUpperCase(), 'a']] }).header(name)).toBe('a')
  expect(
    receive({
      headers: [
        [name, 'a'],
        ['x-other', 'b'],
        [name.toUpperCase(), 'a'],
      ],
    }).header(name),
  ).toBe(undefined)
})

test('a header that objects have and requests have not is none', () => {
  const ctx = receive({})
  expect((['constructor', 'tostring', '__proto__', 'hasownproperty'] as const).map((name) => ctx.header(name))).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ])
})

test('the framework keeps its own request', () => {
  expect(receive({}).raw).toBe('raw')
})
