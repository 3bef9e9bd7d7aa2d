import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, request, type IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { ConfigurationError } from '@wardstone/core'
import { baseline, clientFacts, jsonReply, type BaselineOptions } from '@wardstone/http'
import { endpoint, listener } from '@wardstone/http/node'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { speaksTls } from '../src/lib/context.ts'
import { context } from './context.ts'

interface Client {
  readonly ip: string | undefined
  readonly tls: boolean
  readonly id: string | undefined
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

/** What a baseline decides of a request; a literal context keeps the address of the socket, so the decision is read where it is kept. */
function decide(options: BaselineOptions, asked: Parameters<typeof context>[0]): Client {
  const ctx = context(asked)
  const decision = baseline(options)(ctx)
  if (decision instanceof Promise || !decision.ok) throw new Error('baseline allows, at once')
  const decided = ctx.state.get({ id: Symbol.for('wardstone.http.origin') }) as { readonly ip: string | undefined }
  return { ip: decided.ip, tls: speaksTls(ctx), id: clientFacts(ctx).requestId }
}

describe('who is asking', () => {
  test.each<[why: string, options: BaselineOptions, headers: Record<string, string>, ip: string]>([
    ['a spoofed left element', { trustedProxies: 1 }, { 'x-forwarded-for': '127.0.0.1, 203.0.113.7' }, '203.0.113.7'],
    // expressjs/express#2099: the leftmost element is what the client wrote
    [
      'express#2099',
      { trustedProxies: ['192.0.2.0/24'] },
      { 'x-forwarded-for': '1.1.1.1, 203.0.113.7, 192.0.2.9' },
      '203.0.113.7',
    ],
    // guardian/gateway#3376, pierreb-devkit/Node#3933: `trust proxy: true` takes the leftmost; sesori#54: a huge count does too
    ['more hops than there are', { trustedProxies: 10 }, { 'x-forwarded-for': '203.0.113.7' }, '203.0.113.7'],
    ['a client that is a proxy elsewhere', { trustedProxies: ['192.0.2.1'] }, { 'x-forwarded-for': '10.0.0.1' }, '10.0.0.1'],
    ['a mapped proxy', { trustedProxies: ['::ffff:192.0.2.0/120'] }, { 'x-forwarded-for': '203.0.113.7' }, '203.0.113.7'],
    ['both headers', { trustedProxies: 1 }, { 'x-forwarded-for': '203.0.113.7', forwarded: 'for=1.1.1.1' }, '203.0.113.7'],
    [
      'both headers, by the other',
      { trustedProxies: 1, forwardedBy: 'forwarded' },
      { 'x-forwarded-for': '1.1.1.1', forwarded: 'for=203.0.113.7' },
      '203.0.113.7',
    ],
    ['only the header that was not chosen', { trustedProxies: 1 }, { forwarded: 'for=1.1.1.1' }, '192.0.2.1'],
    [
      'headers that only some servers know',
      { trustedProxies: 1 },
      { 'x-real-ip': '1.1.1.1', 'cf-connecting-ip': '1.1.1.1' },
      '192.0.2.1',
    ],
    ['nobody trusted', { trustedProxies: [] }, { 'x-forwarded-for': '1.1.1.1' }, '192.0.2.1'],
  ])('[RATE-10] %s', (_, options, headers, ip) => {
    expect(decide(options, { headers }).ip).toBe(ip)
  })

  test.each<[why: string, options: BaselineOptions, asked: Parameters<typeof context>[0], tls: boolean]>([
    ['a trusted proxy that got it over TLS', { trustedProxies: 1 }, { headers: { 'x-forwarded-proto': 'https' } }, true],
    ['a handshake of a WebSocket over TLS', { trustedProxies: 1 }, { headers: { 'x-forwarded-proto': 'wss' } }, true],
    ['a trusted proxy that says nothing, over TLS itself', { trustedProxies: 1 }, { secure: true }, true],
    [
      'a trusted proxy that connects by TLS, and whose client did not',
      { trustedProxies: 1 },
      { secure: true, headers: { 'x-forwarded-proto': 'http' } },
      false,
    ],
    ['somebody who says so', { trustedProxies: [] }, { headers: { 'x-forwarded-proto': 'https' } }, false],
    ['somebody who says not so', { trustedProxies: [] }, { secure: true, headers: { 'x-forwarded-proto': 'http' } }, true],
    ['a client behind a proxy that adds', { trustedProxies: 1 }, { headers: { 'x-forwarded-proto': 'https, http' } }, false],
    ['the header that was not chosen', { trustedProxies: 1 }, { headers: { forwarded: 'for=1.1.1.1;proto=https' } }, false],
    [
      'Forwarded',
      { trustedProxies: 1, forwardedBy: 'forwarded' },
      { headers: { forwarded: 'for=1.1.1.1;proto=https', 'x-forwarded-proto': 'http' } },
      true,
    ],
    [
      'the element of the nearest proxy',
      { trustedProxies: 2, forwardedBy: 'forwarded' },
      { headers: { forwarded: 'for=1.1.1.1;proto=https, for=192.0.2.9;proto=http' } },
      false,
    ],
    ['a scheme with something else', { trustedProxies: 1 }, { headers: { 'x-forwarded-proto': 'https\u00a0' } }, false],
  ])('[HTTP-5] TLS, of %s', (_, options, asked, tls) => {
    expect(decide(options, asked).tls).toBe(tls)
  })

  test('[RATE-10] a proxy at the other end of a Unix socket is trusted as a hop', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'wardstone-'))
    const path = join(folder, 'app.sock')
    const answer = endpoint((ctx) => jsonReply(200, { ip: ctx.ip, secure: ctx.secure }))
    const server = createServer(listener([answer], { baseline: { trustedProxies: 1 } })).listen(path)
    await once(server, 'listening')
    const headers = { 'x-forwarded-for': '198.51.100.1, 203.0.113.7', 'x-forwarded-proto': 'https' }
    const [response] = (await once(request({ socketPath: path, headers }).end(), 'response')) as [IncomingMessage]
    expect(JSON.parse(await text(response))).toEqual({ ip: '203.0.113.7', secure: true })
    server.close()
    server.closeAllConnections()
    await once(server, 'close')
    await rm(folder, { recursive: true })
  })

  test('[HTTP-5] a proxy that is trusted by its place in the chain, not at the socket, chooses no id', () => {
    const headers = { 'x-request-id': 'abcdefgh', 'x-forwarded-for': '198.51.100.1' }
    expect(decide({ trustedProxies: ['198.51.100.1'] }, { headers }).id).toMatch(UUID)
    expect(decide({ trustedProxies: ['192.0.2.1'] }, { headers }).id).toBe('abcdefgh')
  })

  test.each<[string, unknown]>([
    ['a header of its own choice', { forwardedBy: 'x-real-ip' }],
    ['both headers', { forwardedBy: ['forwarded', 'x-forwarded'] }],
    ['the name of a proxy', { trustedProxies: ['nginx'] }],
  ])('[RATE-10] does not start with %s', (_, options) => {
    expect(() => baseline(options as BaselineOptions)).toThrow(ConfigurationError)
  })
})

describe('WARDSTONE_UNTRUSTED_PROXY', () => {
  const warned: Error[] = []
  const listen = (warning: Error): number => warned.push(warning)
  beforeEach(() => void process.on('warning', listen))
  afterEach(() => {
    process.off('warning', listen)
    warned.length = 0
  })

  const codes = async (): Promise<readonly unknown[]> => {
    await new Promise(setImmediate) // warnings come a tick later
    return warned.map((warning) => (warning as NodeJS.ErrnoException).code).filter((code) => code === 'WARDSTONE_UNTRUSTED_PROXY')
  }

  test.each(['x-forwarded-for', 'x-forwarded-proto', 'forwarded'])('[HTTP-5] once a baseline, for %s', async (name) => {
    const headers = { [name]: '203.0.113.99' }
    const [one, other] = [baseline(), baseline({})]
    await one(context())
    expect(await codes()).toEqual([])
    for (const guard of [one, one, other, one]) await guard(context({ headers }))
    expect(await codes()).toHaveLength(2)
    expect(warned[0]?.message).toContain('trustedProxies')
    expect(warned[0]?.message).not.toContain('203.0.113.99')
  })

  test.each<[string, BaselineOptions]>([
    ['an empty list', { trustedProxies: [] }],
    ['no hops', { trustedProxies: 0 }],
    ['somebody', { trustedProxies: ['198.51.100.0/24'] }],
  ])('[HTTP-5] not when %s was given', async (_, options) => {
    await baseline(options)(context({ headers: { 'x-forwarded-for': '203.0.113.7', forwarded: 'for=203.0.113.7' } }))
    expect(await codes()).toEqual([])
  })
})

test('[HTTP-5] a trusted proxy that does not say whether its clients speak TLS is warned of, once', () => {
  const emitted = vi.spyOn(process, 'emitWarning').mockReturnValue()
  const guard = baseline({ trustedProxies: ['192.0.2.1'] })
  for (let i = 0; i < 2; i++) void guard(context({ headers: { 'x-forwarded-for': '203.0.113.7' } }))
  expect(emitted.mock.calls.map((call) => (call[1] as unknown as { code: string }).code)).toEqual([
    'WARDSTONE_PROXY_WITHOUT_SCHEME',
  ])
  void guard(context({ headers: { 'x-forwarded-for': '203.0.113.7', 'x-forwarded-proto': 'http' } }))
  expect(emitted).toHaveBeenCalledTimes(1)
  emitted.mockRestore()
})
