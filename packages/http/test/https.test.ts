import { once } from 'node:events'
import { connect } from 'node:net'
import { ConfigurationError } from '@wardstone/core'
import { baseline, explain, runner, type BaselineOptions, type HttpContext, type Outcome } from '@wardstone/http'
import { listener } from '@wardstone/http/node'
import { contextOf } from '@wardstone/http/web'
import { serve } from '@wardstone/testkit/http'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { context } from './context.ts'

const HOME = 'https://app.example.com'
const OPTIONS: BaselineOptions = { https: 'redirect', publicOrigins: [HOME, 'https://other.example.com'], trustedProxies: [] }

const TARGET = Symbol.for('wardstone.http.target')

/** A request with a target such as no test can send through a client library. */
function aimed(target: string, rest: Parameters<typeof context>[0] = {}): HttpContext {
  return Object.assign(context(rest), { [TARGET]: target })
}

async function outcomeOf(ctx: HttpContext, options: BaselineOptions = OPTIONS): Promise<Outcome> {
  return runner([baseline(options)])(ctx)
}

async function locationOf(ctx: HttpContext, options: BaselineOptions = OPTIONS): Promise<string | undefined> {
  const { reply } = (await outcomeOf(ctx, options)).refused ?? {}
  return reply?.status === 308 ? reply.headers?.find(([name]) => name === 'location')?.[1] : undefined
}

test.each([
  ['/', '/'],
  ['/a/b?c=d&e', '/a/b?c=d&e'],
  ['/a?next=https://elsewhere.test/', '/a?next=https://elsewhere.test/'],
  ['//elsewhere.test/a', '//elsewhere.test/a'],
  ['///elsewhere.test', '///elsewhere.test'],
  ['/\\elsewhere.test', '/%5Celsewhere.test'],
  ['/\t/elsewhere.test', '/%09/elsewhere.test'],
  ['/a\r\nSet-Cookie: a=1', '/a%0D%0ASet-Cookie:%20a=1'],
  ['/a?b=\r\n\r\n<script>', '/a?b=%0D%0A%0D%0A<script>'],
  ['/%0d%0a', '/%0d%0a'],
  ['/\u00e9', '/%E9'], // one byte, as a lenient parser hands it over
  ['/\u20ac\u{1f600}', '/%E2%82%AC%F0%9F%98%80'],
  ['/a#b', '/a'],
  ['http://elsewhere.test/a?b', '/a?b'],
  ['http://elsewhere.test', '/'],
  ['http://elsewhere.test?a=/b', '/?a=/b'],
  ['HTTPS://user@elsewhere.test:1/a', '/a'],
  ['javascript:alert(1)//', '/'],
  ['.elsewhere.test/', '/'],
  ['@elsewhere.test/', '/'],
  [':1@elsewhere.test/', '/'],
  ['*', '/'],
  ['', '/'],
])('[HTTP-5] %j is sent to %j of the public origin', async (target, expected) => {
  expect(await locationOf(aimed(target))).toBe(HOME + expected)
})

test('[HTTP-5] a redirect is never open, whatever the target, Host or X-Forwarded-Host', async () => {
  const parts = fc.constantFrom(
    '/',
    '\\',
    '@',
    '.',
    ':',
    '//',
    'http://',
    'elsewhere.test',
    '?',
    '#',
    '\r',
    '\n',
    '\0',
    ' ',
    '%',
    '\u00e9',
    '\u{1f600}',
    '\ud800',
  )
  const target = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.webUrl(),
    fc.array(parts).map((all) => all.join('')),
  )
  await fc.assert(
    fc.asyncProperty(target, fc.domain(), async (text, host) => {
      const location = (await locationOf(aimed(text, { headers: { host, 'x-forwarded-host': host } }))) ?? ''
      expect(location.startsWith(`${HOME}/`)).toBe(true)
      expect(location).toMatch(/^[\x21-\x7e]+$/)
      expect(new URL(location).origin).toBe(HOME)
    }),
    { numRuns: 1000 },
  )
})

test.each(['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'QUERY', 'PROPFIND'])(
  '[HTTP-5] %s is refused, not redirected',
  async (method) => {
    const ctx = context({ method })
    const { refused, headers } = await outcomeOf(ctx)
    expect([refused?.reply.status, refused?.code]).toEqual([403, 'https_required'])
    expect(refused?.reply.headers?.some(([name]) => name === 'location')).toBe(false)
    expect([...headers, ...(refused?.reply.headers ?? [])].some(([name]) => name === 'strict-transport-security')).toBe(false)
    expect(explain(ctx)?.why).toBe(`${method} came without TLS`)
  },
)

test('[HTTP-5] a context that is a literal is sent to its path; one over Request keeps its query', async () => {
  expect(await locationOf(context({ path: '/a' }))).toBe(`${HOME}/a`)
  expect(await locationOf(contextOf(new Request('http://elsewhere.test/a?b=1#c')))).toBe(`${HOME}/a?b=1`)
})

test('[HTTP-5] over TLS everything passes, by the socket or a trusted proxy', async () => {
  expect((await outcomeOf(context({ secure: true, method: 'POST' }))).refused).toBeUndefined()
  const proxied = context({ method: 'POST', headers: { 'x-forwarded-proto': 'https' } })
  expect((await outcomeOf(proxied, { ...OPTIONS, trustedProxies: 1 })).refused).toBeUndefined()
})

test.each<[string, BaselineOptions['trustedProxies'], BaselineOptions['forwardedBy'], Record<string, string>]>([
  ['a proxy that is not trusted', ['198.51.100.1'], 'x-forwarded', { 'x-forwarded-proto': 'https' }],
  ['a proxy of which nobody has told', undefined, 'x-forwarded', { 'x-forwarded-proto': 'https' }],
  ['a trusted proxy that writes the other header', 1, 'forwarded', { 'x-forwarded-proto': 'https' }],
  ['a trusted proxy that writes Forwarded', 1, 'x-forwarded', { forwarded: 'for=203.0.113.7;proto=https' }],
])('[HTTP-5] no circle of redirects behind %s: refused, and explained', async (_, trustedProxies, forwardedBy, headers) => {
  const ctx = context({ headers })
  const { refused } = await outcomeOf(ctx, { ...OPTIONS, trustedProxies, forwardedBy })
  expect([refused?.reply.status, refused?.code]).toEqual([403, 'https_required'])
  expect(explain(ctx)?.why).toContain('trustedProxies')
  expect(JSON.stringify(refused?.reply)).not.toContain('192.0.2.1')
})

test('[HTTP-5] health checks are let in by the path that was asked, and nothing else is', async () => {
  const options: BaselineOptions = { ...OPTIONS, https: { except: (ctx) => ctx.path === '/healthz' } }
  expect((await outcomeOf(aimed('/healthz', { path: '/healthz' }), options)).refused).toBeUndefined()
  expect(await locationOf(aimed('/other?a=/healthz', { path: '/other' }), options)).toBe(`${HOME}/other?a=/healthz`)
})

test('[HTTP-5] an exception that throws lets nothing in', async () => {
  const throwing = (): boolean => decodeURIComponent('%zz') === '/healthz'
  const late = (() => Promise.reject(new Error('no'))) as unknown as () => boolean
  for (const except of [throwing, late]) {
    expect(await locationOf(aimed('/%zz'), { ...OPTIONS, https: { except } })).toBe(`${HOME}/%zz`)
  }
})

test.each<[string, unknown]>([
  ['redirect without a public origin', { https: 'redirect' }],
  ['redirect to http', { https: 'redirect', publicOrigins: ['http://app.example.com'] }],
  ['a mode that is none', { https: 'on' }],
  ['true', { https: true }],
  ['a list', { https: ['redirect'] }],
  ['a mode that is none, in an object', { https: { mode: 'strict' }, publicOrigins: [HOME] }],
  ['an exception that is a path', { https: { except: '/healthz' }, publicOrigins: [HOME] }],
  ['an option that nobody knows', { https: { excepts: () => true }, publicOrigins: [HOME] }],
])('[HTTP-5] does not start with %s', (_, options) => {
  expect(() => baseline(options as BaselineOptions)).toThrow(ConfigurationError)
})

test('[HTTP-5] off by default', async () => {
  for (const https of [undefined, 'off', { mode: 'off' }] as const) {
    expect((await outcomeOf(context({ method: 'GET' }), { https, publicOrigins: [HOME] })).refused).toBeUndefined()
  }
})

test('[HTTP-5] bytes that no client library sends become one header, on a real server', async () => {
  const server = await serve(listener([], { baseline: OPTIONS }))
  for (const [target, expected] of [
    ['//elsewhere.test/..', '//elsewhere.test/..'],
    ['/\\elsewhere.test?\\', '/%5Celsewhere.test?%5C'],
    ['http://elsewhere.test//a', '//a'],
  ]) {
    const socket = connect(server.port, '127.0.0.1')
    socket.end(`GET ${target} HTTP/1.1\r\nHost: elsewhere.test\r\nConnection: close\r\n\r\n`, 'latin1')
    const received: Buffer[] = []
    socket.on('data', (chunk: Buffer) => void received.push(chunk))
    await once(socket, 'close')
    const text = Buffer.concat(received).toString('latin1')
    expect(text.split('\r\n').filter((line) => /^location:/i.test(line))).toEqual([`location: ${HOME}${expected}`])
  }
  await server.close()
})
