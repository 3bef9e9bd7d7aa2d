import { once } from 'node:events'
import { connect, createSecureServer, createServer, type ServerHttp2Stream } from 'node:http2'
import { createServer as createHttpsServer } from 'node:https'
import { connect as connectTcp, type AddressInfo, type Server } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { createLifecycle, type AnyServer } from '@wardstone/http/lifecycle'
import { RawClient } from '@wardstone/testkit/http'
import { expect, onTestFinished, test } from 'vitest'
import { turn, watched } from './lifecycle-hand.ts'

const IDLE_MS = 5_000
const GET = 'GET / HTTP/1.1\r\nhost: x\r\n\r\n'

/** TLS by a shared key, which needs no certificate. */
const PSK = { ciphers: 'PSK', maxVersion: 'TLSv1.2' } as const
const SERVER_TLS = { ...PSK, pskCallback: () => Buffer.from('a key of the test') }
const CLIENT_TLS = {
  ...PSK,
  pskCallback: () => ({ identity: 'test', psk: Buffer.from('a key of the test') }),
  checkServerIdentity: () => undefined,
}

async function started(server: AnyServer) {
  const around = watched()
  const lifecycle = createLifecycle({ ...around.options, idleDelay: IDLE_MS })
  lifecycle.attach(server)
  ;(server as Server).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const drained = once(lifecycle.draining, 'abort')
  return {
    ...around,
    lifecycle,
    port: (server.address() as AddressInfo).port,
    drain: async () => {
      const ended = lifecycle.shutdown()
      await drained
      return { ended }
    },
  }
}

async function tls(port: number, ALPNProtocols: string[]): Promise<TLSSocket> {
  const socket = connectTls({ ...CLIENT_TLS, host: '127.0.0.1', port, ALPNProtocols })
  onTestFinished(() => void socket.destroy())
  await once(socket, 'secureConnect')
  return socket
}

async function collect(stream: NodeJS.ReadableStream): Promise<string> {
  let said = ''
  for await (const chunk of stream) said += String(chunk)
  return said
}

test.each([
  ['https', () => createHttpsServer(SERVER_TLS, (_req, res) => res.end('hello'))],
  [
    'http2 that speaks HTTP/1 too',
    () => createSecureServer({ ...SERVER_TLS, allowHTTP1: true }, (_req, res) => res.end('hello')),
  ],
])('[POOL-4] on %s a connection may bring a request within idleDelay, and is closed after', async (_, make) => {
  const { drain, port, time, lifecycle } = await started(make())
  const [used, fresh] = [await tls(port, ['http/1.1']), await tls(port, ['http/1.1'])]
  const said = [collect(used), collect(fresh)]
  used.write(GET)
  while (used.bytesRead === 0) await turn()
  const { ended } = await drain()
  used.write(GET)
  expect(await said[0]).toMatch(/Connection: keep-alive[\s\S]*hello[\s\S]*Connection: close[\s\S]*hello/)
  while (lifecycle.stats().connections > 1) await turn()
  await time.pass(IDLE_MS)
  expect(await said[1]).toBe('')
  expect(await ended).toMatchObject({ cut: 0, clean: true })
})

/** A frame of HTTP/2 (RFC 9113, section 4.1). */
function frame(type: number, flags: number, stream: number, payload: string): string {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head.writeUInt8(type, 3)
  head.writeUInt8(flags, 4)
  head.writeUInt32BE(stream, 5)
  return head.toString('latin1') + payload
}

const PREFACE = `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${frame(4, 0, 0, '')}${frame(4, 1, 0, '')}`
/** `GET /` over http, from the static table, and nothing after it. */
const request = (stream: number): string => frame(1, 5, stream, '\x82\x86\x84\x41\x01x')

test.each(['streams', 'requests'])(
  '[POOL-4] HTTP/2, by %s: what the client sent before it heard of the end is answered',
  async (kind) => {
    const open: ServerHttp2Stream[] = []
    const server =
      kind === 'streams'
        ? createServer().on('stream', (stream) => open.push(stream))
        : createServer((_req, res) => open.push(res.stream))
    const { drain, port, time, lifecycle } = await started(server)
    const client = new RawClient(port)
    client.send(PREFACE + request(1))
    while (open.length < 1) await turn()
    const { ended } = await drain()
    client.send(request(3))
    while (open.length < 2) await turn()
    expect(lifecycle.stats().inFlight).toBe(2)
    await time.pass(IDLE_MS)
    for (const stream of open) {
      stream.respond({ ':status': 200 })
      stream.end('hello')
    }
    await client.ended()
    expect(client.received.split('hello')).toHaveLength(3)
    expect(await ended).toMatchObject({ cut: 0, clean: true })
  },
)

test('[POOL-4] an HTTP/2 client over TLS finishes what it has begun, and leaves', async () => {
  let finish: (() => void) | undefined
  const server = createSecureServer(SERVER_TLS, (_req, res) => (finish = () => void res.end('hello')))
  const { drain, port, time } = await started(server)
  const client = connect(`https://127.0.0.1:${port}`, {
    createConnection: () => connectTls({ ...CLIENT_TLS, port, host: '127.0.0.1', ALPNProtocols: ['h2'] }),
  })
  const answer = collect(client.request({ ':path': '/' }))
  const closed = once(client, 'close')
  while (finish === undefined) await turn()
  const { ended } = await drain()
  finish()
  expect(await answer).toBe('hello')
  // Node's client stays when the goodbye and the last answer come together: then the server goes first.
  await time.pass(IDLE_MS)
  await closed
  expect(await ended).toMatchObject({ cut: 0, clean: true })
})

test('[POOL-4] a handshake that ends after the end has begun may bring requests, and is told', async () => {
  const server = createSecureServer(SERVER_TLS, (_req, res) => void res.end('hello'))
  const { drain, port, time } = await started(server)
  const accepted = once(server, 'connection')
  const socket = connectTcp(port, '127.0.0.1')
  await accepted
  const { ended } = await drain()
  const client = connect(`https://127.0.0.1:${port}`, {
    createConnection: () => connectTls({ ...CLIENT_TLS, socket, ALPNProtocols: ['h2'] }),
  })
  const closed = once(client, 'close')
  await once(client, 'goaway')
  await time.pass(IDLE_MS)
  await closed
  expect(await ended).toMatchObject({ cut: 0, clean: true })
})

test('[POOL-4] an HTTP/2 stream that hangs is cut, and counted', async () => {
  const { drain, port, time, lifecycle } = await started(createServer().on('stream', () => {}))
  const client = connect(`http://127.0.0.1:${port}`)
  client.on('error', () => {})
  const hung = collect(client.request({ ':path': '/' })).catch(() => 'cut')
  while (lifecycle.stats().inFlight === 0) await turn()
  const { ended } = await drain()
  await time.pass(20_000)
  await hung
  expect(await ended).toMatchObject({ cut: 1, clean: false })
})
