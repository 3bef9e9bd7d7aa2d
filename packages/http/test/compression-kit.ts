import { request as send, type IncomingHttpHeaders } from 'node:http'
import { brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib'
import { generateSecret, secretRing } from '@wardstone/core'
import { csrfToken, jsonReply, type BaselineOptions, type Endpoint, type HeaderList } from '@wardstone/http'
import { Probe, type HttpHost, type HttpRoute } from '@wardstone/testkit/http'
import { expect, test } from 'vitest'

const TEXT = 'hello '.repeat(20_000)
const LARGE = TEXT.repeat(20)
const PACKED = gzipSync(TEXT)

const text = (body: string | Uint8Array = TEXT, headers: HeaderList = [], status = 200): Endpoint => {
  return () => ({ status, headers: [['content-type', 'text/plain'], ...headers], body })
}

const ENDPOINTS: Readonly<Record<string, Endpoint>> = {
  '/text': text(),
  '/large': text(LARGE),
  '/short': text('x'.repeat(1023)),
  '/enough': text('x'.repeat(1024)),
  '/json': () => jsonReply(200, { text: TEXT }),
  '/missing': text(TEXT, [], 404),
  '/image': () => ({ status: 200, headers: [['content-type', 'image/png']], body: TEXT }),
  '/cookie': text(TEXT, [['set-cookie', 'sid=1']]),
  '/secret': text(TEXT, [['cache-control', 'no-transform']]),
  '/packed': text(PACKED, [['content-encoding', 'gzip']]),
  '/part': text(TEXT, [['content-range', 'bytes 0-119999/999999']], 206),
  '/vary': text(TEXT, [['vary', 'Origin']]),
  '/token': (ctx) => ({ status: 200, headers: [['content-type', 'text/plain']], body: csrfToken(ctx) + TEXT }),
  '/nothing': () => ({ status: 204 }),
}

interface Got {
  readonly status: number | undefined
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  /** What the client makes of it. */
  readonly text: string
}

const baseline: BaselineOptions = {
  csrf: { token: { secrets: secretRing({ current: generateSecret() }), session: () => 'ana' } },
}

/** Asks a host with `compression` before its routes, each request on a server of its own. */
async function get(
  host: HttpHost,
  path: string,
  headers: Record<string, string> = {},
  { method = 'GET', routes = [] as readonly HttpRoute[], arriving = (_text: string): void => {} } = {},
): Promise<Got> {
  const endpoints = Object.entries(ENDPOINTS).map(([at, endpoint]): HttpRoute => ({
    method: 'GET',
    path: at,
    answer: { endpoint },
  }))
  const running = await host.start({ baseline, routes: [...endpoints, ...routes], report: () => {} })
  try {
    return await new Promise<Got>((resolve, reject) => {
      const all = { 'accept-encoding': 'gzip', ...headers }
      send({ port: running.port, host: '127.0.0.1', path, method, headers: all }, (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => {
          chunks.push(chunk)
          arriving(Buffer.concat(chunks).toString())
        })
        response.once('error', reject)
        response.once('end', () => {
          const body = Buffer.concat(chunks)
          const encoding = response.headers['content-encoding']
          const plain = encoding === 'gzip' ? gunzipSync(body) : encoding === 'br' ? brotliDecompressSync(body) : body
          resolve({
            status: response.statusCode,
            headers: response.headers,
            body,
            text: method === 'HEAD' ? '' : plain.toString(),
          })
        })
      })
        .once('error', reject)
        .end()
    })
  } finally {
    await running.close()
  }
}

const varies = ({ headers }: Got): boolean => /(?:^|, )accept-encoding(?:,|$)/i.test(headers.vary ?? '')

/** What `compression` must do on every host; `varies`: whether its package says so of everything. */
export function compressionTests(host: HttpHost, { always = false } = {}): void {
  test.each(['/text', '/large', '/json', '/enough', '/missing'])('[HTTP-6] %s is compressed, and whole', async (path) => {
    const got = await get(host, path)
    expect([got.headers['content-encoding'], varies(got)]).toEqual(['gzip', true])
    const plain = await get(host, path, { 'accept-encoding': 'identity' })
    expect(got.text).toBe(plain.text)
    expect(got.body.length).toBeLessThan(plain.body.length / 2)
    expect([got.status, got.headers['content-type']]).toEqual([plain.status, plain.headers['content-type']])
  })

  test('[HTTP-6] what the client does not accept is not compressed, and varies', async () => {
    for (const accepted of ['identity', 'gzip;q=0', '']) {
      const got = await get(host, '/text', { 'accept-encoding': accepted })
      expect([got.headers['content-encoding'], got.text === TEXT, varies(got)]).toEqual([undefined, true, true])
      expect(got.headers['content-length']).toBe(String(TEXT.length))
    }
  })

  test.each<[path: string, headers: Record<string, string>, vary: boolean]>([
    ['/short', {}, true],
    ['/text', { 'x-no-compression': '1' }, true],
    ['/text', { 'sec-fetch-site': 'cross-site' }, true],
    ['/cookie', {}, true],
    ['/token', {}, true],
    ['/secret', {}, false],
    ['/image', {}, false],
    ['/part', {}, true],
  ])('[HTTP-6] %s with %j is sent as it is', async (path, headers, vary) => {
    const got = await get(host, path, headers)
    expect([got.headers['content-encoding'], varies(got)]).toEqual([undefined, vary || always])
    expect(got.headers['content-length']).toBe(String(got.body.length))
    expect(got.text.length).toBeGreaterThan(1000)
  })

  test('[HTTP-6] what is compressed already is not compressed again', async () => {
    const got = await get(host, '/packed')
    expect([got.headers['content-encoding'], got.body.equals(PACKED), got.text === TEXT]).toEqual(['gzip', true, true])
  })

  test('[HTTP-6] HEAD and 204 have no body to compress, and HEAD varies like GET', async () => {
    const head = await get(host, '/text', {}, { method: 'HEAD' })
    expect([head.status, head.headers['content-encoding'], head.body.length, varies(head)]).toEqual([200, undefined, 0, true])
    const nothing = await get(host, '/nothing')
    expect([nothing.status, nothing.headers['content-encoding'], nothing.body.length]).toEqual([204, undefined, 0])
  })

  test('[HTTP-6] what varies already varies by both, each once', async () => {
    const { headers } = await get(host, '/vary')
    const fields = (headers.vary ?? '').toLowerCase().split(', ').toSorted()
    expect(fields).toEqual(['accept-encoding', 'origin'])
  })

  test('[HTTP-6] what a handler says of Vary by its own means does not hide the encoding, and a 304 says it too', async () => {
    async function* stream(): AsyncGenerator<string> {
      yield TEXT
    }
    const routes: readonly HttpRoute[] = [
      { method: 'GET', path: '/own', answer: { stream, vary: 'Accept-Language' } },
      { method: 'GET', path: '/good', answer: { endpoint: () => ({ status: 304, headers: [['etag', '"1"']] }) } },
    ]
    const got = await get(host, '/own', {}, { routes })
    expect([got.headers['content-encoding'], got.headers.vary?.toLowerCase()]).toEqual([
      'gzip',
      'accept-language, accept-encoding',
    ])
    const good = await get(host, '/good', {}, { routes })
    expect([good.status, varies(good)]).toEqual([304, true])
  })

  test('[HTTP-6] a compressed response has the headers of baseline and what its guards add at the head', async () => {
    const route: HttpRoute = {
      method: 'GET',
      path: '/guarded',
      guards: [() => ({ ok: true, head: () => [['x-late', 'yes']] })],
      answer: { endpoint: text() },
    }
    const { headers } = await get(host, '/guarded', {}, { routes: [route] })
    expect([headers['content-encoding'], headers['x-late'], headers['x-content-type-options']]).toEqual([
      'gzip',
      'yes',
      'nosniff',
    ])
    expect(headers['x-request-id']).toBeDefined()
  })

  test('[HTTP-6] a stream of text is compressed', async () => {
    async function* stream(): AsyncGenerator<string> {
      for (let i = 0; i < 20; i++) yield TEXT.slice(0, 6000)
    }
    const got = await get(host, '/stream', {}, { routes: [{ method: 'GET', path: '/stream', answer: { stream } }] })
    expect([got.headers['content-encoding'], got.text === TEXT]).toEqual(['gzip', true])
  })

  test('[HTTP-6] an event arrives before the next one is made', async () => {
    const probe = new Probe()
    async function* stream(): AsyncGenerator<string> {
      yield 'data: first\n\n'
      await probe.until('seen')
      yield 'data: second\n\n'
    }
    const route: HttpRoute = { method: 'GET', path: '/events', answer: { stream, type: 'text/event-stream' } }
    const arriving = (so_far: string): void => void (so_far === 'data: first\n\n' && probe.note('seen'))
    const got = await get(host, '/events', {}, { routes: [route], arriving })
    expect([got.headers['content-encoding'], got.text]).toEqual([undefined, 'data: first\n\ndata: second\n\n'])
  })
}
