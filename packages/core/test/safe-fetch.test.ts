import https from 'node:https'
import { gzipSync } from 'node:zlib'
import { describe, expect, it, onTestFinished, test, vi } from 'vitest'
import { createSafeFetch, OutboundError, type SafeFetchOptions } from '../src/index.ts'
import { authority } from './certificates.ts'
import { ca, localFetch, servePlain, serveTls } from './safe-fetch.ts'

const code = (expected: string) => expect.objectContaining({ code: expected })

describe('a request', () => {
  it('[HTTP-10] goes to a listed host, and the whole answer comes back', async () => {
    const port = await serveTls((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        response.writeHead(201, { 'content-type': 'application/json', 'set-cookie': ['a=1', 'b=2'] })
        const { method, url, headers } = request
        response.end(JSON.stringify({ method, url, headers, body: Buffer.concat(chunks).toString() }))
      })
    })
    const safeFetch = localFetch({ hosts: [`a.test:${port}`] })
    const response = await safeFetch(`https://A.test.:${port}/hook?x=1#part`, {
      method: 'delete',
      headers: { 'X-Signature': 'abc' },
      body: 'né',
    })
    expect([response.status, response.headers.getSetCookie()]).toEqual([201, ['a=1', 'b=2']])
    expect(await response.json()).toEqual({
      method: 'DELETE',
      url: '/hook?x=1',
      headers: {
        host: `a.test:${port}`,
        connection: 'close',
        'accept-encoding': 'identity',
        'content-length': '3',
        'x-signature': 'abc',
      },
      body: 'né',
    })
  })

  it.each([204, 304, 404, 500])('[HTTP-10] has status %i as an answer, not as an error', async (status) => {
    const port = await serveTls((_request, response) => void response.writeHead(status).end())
    expect((await localFetch({ hosts: [`a.test:${port}`] })(`https://a.test:${port}/`)).status).toBe(status)
  })

  it('[HTTP-10] presents a client certificate, the newest one', async () => {
    const port = await serveTls(
      (request, response) =>
        response.end(
          (request.socket as unknown as { getPeerCertificate(): { subject: { CN: string } } }).getPeerCertificate().subject.CN,
        ),
      { requestCert: true, rejectUnauthorized: true, ca: ca.cert },
    )
    const certificates = ['first', 'second'].map((name) => ca.issue({ name }))
    const safeFetch = localFetch({ hosts: [`a.test:${port}`], tls: () => ({ ca: ca.cert, ...certificates.shift() }) })
    const said = [await safeFetch(`https://a.test:${port}/`), await safeFetch(`https://a.test:${port}/`)]
    expect(await Promise.all(said.map((one) => one.text()))).toEqual(['first', 'second'])
  })

  it('[HTTP-10] believes no certificate of another authority, also where the environment says so', async () => {
    const port = await serveTls((_request, response) => response.end(), authority().issue({ name: 'a', dns: ['a.test'] }))
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0')
    onTestFinished(() => void vi.unstubAllEnvs())
    const asked = localFetch({ hosts: [`a.test:${port}`] })(`https://a.test:${port}/`)
    await expect(asked).rejects.toMatchObject({ code: 'outbound_failed', retryable: false })
  })

  it('[HTTP-10] goes to the host itself: a proxy would ask for the name where nobody judges the answer', async () => {
    const port = await serveTls((_request, response) => response.end('direct'))
    const before = https.globalAgent
    https.globalAgent = new https.Agent({ proxyEnv: { HTTPS_PROXY: 'http://127.0.0.1:9' } }) // what NODE_USE_ENV_PROXY=1 makes
    onTestFinished(() => void (https.globalAgent = before))
    expect(await (await localFetch({ hosts: [`a.test:${port}`] })(`https://a.test:${port}/`)).text()).toBe('direct')
  })

  it.each([
    ['a line break in a value', { headers: { a: 'x\r\nhost: evil' } }],
    ['a line break in a name', { headers: { 'a\r\nb': 'x' } }],
    ['a host of its own', { headers: { Host: 'evil.test' } }],
    ['a length of its own', { method: 'POST', headers: { 'content-length': '1' }, body: 'ab' }],
    ['another framing', { method: 'POST', headers: { 'transfer-encoding': 'chunked' }, body: 'ab' }],
    ['a line break in the method', { method: 'GET / HTTP/1.1\r\nx: y' }],
    ['a tunnel', { method: 'CONNECT' }],
    ['a mirror', { method: 'trace' }],
    ['a body with GET', { body: 'x' }],
    ['a body that is none', { method: 'POST', body: { a: 1 } as unknown as string }],
  ])('[HTTP-10] with %s is not sent', async (_, init) => {
    const refused = localFetch({ hosts: ['a.test'] })('https://a.test/', init)
    await expect(refused).rejects.toMatchObject({ code: 'invalid_argument', message: expect.not.stringMatching(/evil|\n/) })
  })
})

describe('an answer', () => {
  it('[HTTP-10] that never ends is read only so far', async () => {
    let gone: () => void
    const left = new Promise<void>((resolve) => (gone = resolve))
    const port = await serveTls((_request, response) => {
      const more = (): void => void response.write(Buffer.alloc(65_536), (error) => (error ? gone() : more()))
      response.on('close', gone)
      more()
    })
    await expect(localFetch({ hosts: [`a.test:${port}`] })(`https://a.test:${port}/`)).rejects.toEqual(code('outbound_too_large'))
    await left
  })

  it('[HTTP-10] that says it is too long is not read at all', async () => {
    const port = await serveTls((_request, response) => {
      response.writeHead(200, { 'content-length': 11 })
      response.flushHeaders()
    })
    const asked = localFetch({ hosts: [`a.test:${port}`], maxBytes: 10 })(`https://a.test:${port}/`)
    await expect(asked).rejects.toEqual(code('outbound_too_large'))
  })

  it('[HTTP-10] to HEAD may say so: it has no body', async () => {
    const port = await serveTls((_request, response) => response.writeHead(200, { 'content-length': 11 }).end())
    const response = await localFetch({ hosts: [`a.test:${port}`], maxBytes: 10 })(`https://a.test:${port}/`, { method: 'HEAD' })
    expect(response.headers.get('content-length')).toBe('11')
  })

  it('[HTTP-10] is not inflated, though nobody asked for it compressed', async () => {
    const bomb = gzipSync(Buffer.alloc(4 * 1024 ** 2))
    const port = await serveTls((_request, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb))
    const response = await localFetch({ hosts: [`a.test:${port}`] })(`https://a.test:${port}/`)
    expect((await response.bytes()).length).toBe(bomb.length)
  })

  it('[HTTP-10] that is cut off is no answer', async () => {
    const port = await serveTls((_request, response) => {
      response.writeHead(200, { 'content-length': 10 })
      response.write('12345', () => response.destroy())
    })
    const asked = localFetch({ hosts: [`a.test:${port}`] })(`https://a.test:${port}/`)
    await expect(asked).rejects.toMatchObject({ code: 'outbound_failed', retryable: true })
  })

  it.each([
    ['switches protocols', 'HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'],
    ['is no HTTP', 'SSH-2.0-OpenSSH\r\n'],
    ['has an impossible status', 'HTTP/1.1 999 What\r\ncontent-length: 0\r\n\r\n'],
    ['ends before it begins', ''],
  ])('[HTTP-10] that %s is none', async (_, bytes) => {
    const port = await serveTls((request) => void request.socket.end(bytes))
    const asked = localFetch({ hosts: [`a.test:${port}`] })(`https://a.test:${port}/`)
    await expect(asked).rejects.toEqual(code('outbound_failed'))
  })

  it.each([
    ['the head does not come', () => {}],
    ['the body does not end', (response: { write(text: string): void }) => response.write('x')],
  ])('[HTTP-10] comes in time or not at all: %s', async (_, answer) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    let arrive: () => void
    const arrived = new Promise<void>((resolve) => (arrive = resolve))
    const port = await serveTls((_request, response) => (answer(response), arrive()))
    const asked = localFetch({ hosts: [`a.test:${port}`], timeout: '10s' })(`https://a.test:${port}/`)
    const refused = expect(asked).rejects.toMatchObject({ code: 'outbound_timeout', retryable: true })
    await arrived
    vi.advanceTimersByTime(10_000)
    await refused
  })

  it('[HTTP-10] of a name server counts towards the time, too', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    const asked = localFetch({ hosts: ['a.test'] }, () => new Promise(() => {}))('https://a.test/')
    const refused = expect(asked).rejects.toEqual(code('outbound_timeout'))
    await vi.advanceTimersByTimeAsync(10_000)
    await refused
  })

  it('[HTTP-10] is not waited for by somebody who has left', async () => {
    const controller = new AbortController()
    const port = await serveTls(() => controller.abort(new Error('left')))
    const asked = localFetch({ hosts: [`a.test:${port}`] })(`https://a.test:${port}/`, { signal: controller.signal })
    await expect(asked).rejects.toThrow('left')
    const late = localFetch({ hosts: [`a.test:${port}`] })(`https://a.test:${port}/`, { signal: controller.signal })
    await expect(late).rejects.toThrow('left')
  })
})

test('[HTTP-10] an error names the host, and nothing else of the request', async () => {
  const unserved = await servePlain(() => {})
  const requests = [
    localFetch({ hosts: ['a.test'] })('https://bob:secret-1@a.test/secret-2?secret-3'),
    localFetch({ hosts: ['a.test'] })('https://b.test/secret-2?secret-3'),
    localFetch({ hosts: [`a.test:${unserved}`] })(`https://a.test:${unserved}/secret-2?secret-3`, { headers: { a: 'secret-4' } }),
    localFetch({ hosts: ['a.test'] }, async () => ['169.254.169.254'])('https://a.test/secret-2?secret-3'),
    createSafeFetch({ hosts: ['a.test'] })('secret-2'),
  ]
  for (const result of await Promise.allSettled(requests)) {
    const { reason } = result as PromiseRejectedResult
    expect(reason).toBeInstanceOf(OutboundError)
    expect(`${reason}${JSON.stringify(reason)}${(reason as Error).stack}`).not.toMatch(/secret|bob|169\.254/)
  }
})

test('[HTTP-10] wrong options do not start, all at once', () => {
  const wrong = {
    hosts: [
      'https://a.test',
      'a.test/path',
      '*',
      '*.test',
      'a.*.test',
      'a.test:0',
      'a.test:70000',
      'u@a.test',
      '10.0.0.1',
      '169.254.169.254',
      '',
    ],
    timeout: '0s',
    maxBytes: -1,
    redirects: 6,
    tls: { rejectUnauthorized: false },
    proxy: 'x',
  } as unknown as SafeFetchOptions
  try {
    createSafeFetch(wrong)
    expect.unreachable()
  } catch (error) {
    const { problems } = error as { problems: { option: string }[] }
    const named = problems.map(({ option }) => option).sort()
    expect(named).toEqual(
      ['maxBytes', 'proxy', 'redirects', 'timeout', 'tls', ...wrong.hosts.map((_, at) => `hosts.${at}`)].sort(),
    )
  }
  expect(() => createSafeFetch({ hosts: [] })).toThrow(/hosts: required/)
  expect(() => createSafeFetch({} as SafeFetchOptions)).toThrow(/hosts: required/)
})
