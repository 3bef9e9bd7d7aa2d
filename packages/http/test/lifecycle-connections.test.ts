import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { createLifecycle } from '@wardstone/http/lifecycle'
import { RawClient } from '@wardstone/testkit/http'
import Koa from 'koa'
import { expect, onTestFinished, test } from 'vitest'
import { turn, watched } from './lifecycle-hand.ts'

const IDLE_MS = 5_000
const GET = 'GET / HTTP/1.1\r\nhost: x\r\n\r\n'
const HELLO: RequestListener = (_req, res) => void res.end('hello')

/** A server of this process whose lifecycle goes by a hand-moved clock. */
async function started(made: Server | RequestListener) {
  const server = typeof made === 'function' ? createServer(made) : made
  const around = watched()
  const lifecycle = createLifecycle({ ...around.options, idleDelay: IDLE_MS })
  lifecycle.attach(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => server.closeAllConnections())
  const { port } = server.address() as AddressInfo
  const drained = once(lifecycle.draining, 'abort')
  return {
    ...around,
    lifecycle,
    server,
    port,
    connect: async () => {
      const accepted = once(server, 'connection')
      const client = new RawClient(port)
      await accepted
      return client
    },
    /** Begins the end, until no connections are accepted. */
    drain: async () => {
      const ended = lifecycle.shutdown()
      await drained
      return { ended }
    },
  }
}

const count = (client: RawClient): number => client.received.split('hello').length - 1

test.each([0, 1])(
  '[POOL-4] of requests that came at once, all are answered, and the last says close; %i before the end',
  async (early) => {
    const waiting: (() => void)[] = []
    const { connect, drain, server } = await started((_req, res) => void waiting.push(() => res.end('hello')))
    const client = await connect()
    const arrived = async (count: number): Promise<void> => {
      while (waiting.length < count) await once(server, 'request')
    }
    client.send(GET.repeat(1 + early))
    await arrived(1 + early)
    const { ended } = await drain()
    client.send(GET)
    await arrived(2 + early)
    for (const answer of waiting) answer()
    await client.ended()
    const said = client.received.match(/Connection: .*/g)
    expect(said).toEqual([...Array<string>(1 + early).fill('Connection: keep-alive'), 'Connection: close'])
    expect(count(client)).toBe(2 + early)
    expect(await ended).toMatchObject({ cut: 0, clean: true })
  },
)

test('[POOL-4] a request on a connection that was idle when the end began is answered, and says close', async () => {
  const { connect, drain } = await started(HELLO)
  const client = await connect()
  client.send(GET)
  await client.until('hello')
  expect(client.received).toContain('Connection: keep-alive')
  const { ended } = await drain()
  client.send(GET)
  await client.ended()
  expect(count(client)).toBe(2)
  expect(client.received).toContain('Connection: close')
  expect(await ended).toMatchObject({ cut: 0, clean: true })
})

test('[POOL-4] so is the first request of a connection that had none', async () => {
  const { connect, drain } = await started(HELLO)
  const client = await connect()
  await drain()
  client.send(GET)
  await client.ended()
  expect(client.received).toMatch(/Connection: close[\s\S]*hello/)
})

test("Node's own close() loses both", async () => {
  const { connect, server } = await started(HELLO)
  const client = await connect()
  client.send(GET)
  await client.until('hello')
  server.close()
  client.send(GET)
  await client.ended()
  expect(count(client)).toBe(1)
})

test('[POOL-4] a connection without a request is closed after idleDelay, used before or not', async () => {
  const { connect, drain, time } = await started(HELLO)
  const [used, fresh] = [await connect(), await connect()]
  used.send(GET)
  await used.until('hello')
  const { ended } = await drain()
  await time.pass(IDLE_MS - 1)
  expect(await Promise.race([ended, turn()])).toBeUndefined()
  await time.pass(1)
  await Promise.all([used.ended(), fresh.ended()])
  expect(await ended).toMatchObject({ cut: 0, clean: true })
})

test('[POOL-4] a request that is being sent when idleDelay ends is answered', async () => {
  const { connect, drain, time, server } = await started(HELLO)
  const accepted = once(server, 'connection')
  const client = await connect()
  const [socket] = (await accepted) as [Socket]
  const { ended } = await drain()
  client.send(GET.slice(0, 10))
  while (socket.bytesRead < 10) await turn()
  await time.pass(IDLE_MS)
  client.send(GET.slice(10))
  await client.ended()
  expect(count(client)).toBe(1)
  expect(await ended).toMatchObject({ clean: true })
})

test('[POOL-4] nobody new is let in, and who streams is not cut off', async () => {
  let finish = (): void => {}
  const { connect, drain, port, time, lifecycle } = await started((_req, res) => {
    res.write('begun')
    finish = () => res.end('hello')
  })
  const client = await connect()
  client.send(GET)
  await client.until('begun')
  const { ended } = await drain()
  const late = new RawClient(port)
  await late.ended()
  expect(late.received).toBe('')
  await time.pass(IDLE_MS)
  expect(lifecycle.stats()).toMatchObject({ state: 'stopping', inFlight: 1, connections: 1 })
  finish()
  await client.until('hello')
  // Its head had promised to keep the connection: a next request may be on its way.
  await turn()
  client.send(GET)
  await client.until('Connection: close')
  finish()
  await client.ended()
  expect(await ended).toMatchObject({ cut: 0, clean: true })
})

test('[POOL-4] where the application insists on keeping connections, each has idleDelay after its last response', async () => {
  const { connect, drain, time } = await started((_req, res) => void res.setHeader('connection', 'keep-alive').end('hello'))
  const client = await connect()
  const { ended } = await drain()
  await time.pass(IDLE_MS - 1)
  client.send(GET)
  await client.until('hello')
  await turn()
  await time.pass(IDLE_MS - 1)
  client.send(GET)
  while (count(client) < 2) await turn()
  await turn()
  await time.pass(IDLE_MS)
  await client.ended()
  expect(await ended).toMatchObject({ cut: 0, clean: true })
})

test('[POOL-4] connections of before it was attached are closed, too', async () => {
  const server = createServer(HELLO).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const accepted = once(server, 'connection')
  const client = new RawClient((server.address() as AddressInfo).port)
  await accepted
  const { options, time } = watched()
  const lifecycle = createLifecycle(options)
  lifecycle.attach(server)
  const ended = lifecycle.shutdown()
  await once(lifecycle.draining, 'abort')
  await time.pass(20_000)
  await client.ended()
  expect(await ended).toMatchObject({ cut: 0, clean: true })
})

test('[POOL-4] a server that was closed before is waited for all the same', async () => {
  let finish = (): void => {}
  const { connect, drain, server, lifecycle } = await started((_req, res) => (finish = () => void res.end('hello')))
  const client = await connect()
  client.send(GET)
  while (lifecycle.stats().inFlight === 0) await turn()
  server.close()
  const { ended } = await drain()
  expect(await Promise.race([ended, turn()])).toBeUndefined()
  finish()
  await client.ended()
  expect(count(client)).toBe(1)
  expect(await ended).toMatchObject({ cut: 0, clean: true })
})

test('[POOL-4] an error page for which the framework forgets all headers says close, too', async () => {
  let fail = (): void => {}
  const app = new Koa()
  app.silent = true
  app.use(() => new Promise((_, reject) => (fail = () => reject(new Error('hello')))))
  const { connect, drain, lifecycle } = await started(app.callback())
  const client = await connect()
  client.send(GET)
  while (lifecycle.stats().inFlight === 0) await turn()
  await drain()
  fail()
  await client.ended()
  expect(client.received).toMatch(/^HTTP\/1.1 500 [\s\S]*Connection: close/)
})

test('[POOL-4] a WebSocket is not idle: its owner ends it, or the timeout', async () => {
  const { connect, drain, server, time } = await started(HELLO)
  const sockets: Duplex[] = []
  server.on('upgrade', (_req, socket) => {
    sockets.push(socket)
    socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n')
  })
  const upgrade = 'GET / HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n'
  const [polite, stubborn] = [await connect(), await connect()]
  for (const client of [polite, stubborn]) {
    client.send(upgrade)
    await client.until('101')
  }
  const { ended } = await drain()
  await time.pass(IDLE_MS)
  sockets[0]?.write('still here')
  await polite.until('still here')
  sockets[0]?.end()
  await polite.ended()
  await time.pass(15_000)
  await stubborn.ended()
  expect(await ended).toMatchObject({ cut: 0 })
})

test('[POOL-4] a request that asks before it sends its body is waited for', async () => {
  const server = createServer()
  server.on('checkContinue', (_req, res) => {
    res.writeContinue()
    finish = () => res.end('hello')
  })
  let finish: (() => void) | undefined
  const { connect, drain } = await started(server)
  const client = await connect()
  client.send('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\nexpect: 100-continue\r\n\r\n')
  await client.until('100 Continue')
  const { ended } = await drain()
  client.send('x')
  finish?.()
  await client.ended()
  expect(client.received).toMatch(/Connection: close[\s\S]*hello/)
  expect(await ended).toMatchObject({ cut: 0, clean: true })
})
