import { once } from 'node:events'
import { createServer, request, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { endpointRunner, runner, type Guard, type Outcome } from '@wardstone/http'
import { applyOutcome, chunksOf, endReply, wireReply } from '@wardstone/http/node'
import { afterEach, expect, test } from 'vitest'
import { context } from './context.ts'

const servers: Server[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.close()
    server.closeAllConnections()
    await once(server, 'close')
  }
})

async function serve(listener: RequestListener): Promise<number> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  servers.push(server)
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

async function get(port: number): Promise<{ readonly message: IncomingMessage; readonly body: string }> {
  const [message] = (await once(request({ port, host: '127.0.0.1' }).end(), 'response')) as [IncomingMessage]
  return { message, body: await text(message) }
}

function outcomeOf(...guards: readonly Guard[]): Outcome {
  return runner(guards)(context()) as Outcome
}

const echo = endpointRunner((_ctx, body) => ({ status: 200, body: JSON.stringify(body) }), { bodyLimit: 10 })

const seen: Guard = () => ({ ok: true, head: (h) => [['x-seen', `${h.status} ${h.header('x-own') ?? 'none'}`]] })

test.each<[how: string, listener: RequestListener, head: string]>([
  ['an implicit head', (_, res) => void res.setHeader('x-own', '1').end('x'), '200 1'],
  ['writeHead with an object', (_, res) => void res.writeHead(201, { 'X-Own': '1' }).end('x'), '201 1'],
  ['writeHead with a reason', (_, res) => void res.writeHead(202, 'Fine', { 'X-Own': '1' }).end('x'), '202 1'],
  ['writeHead with a list', (_, res) => void res.writeHead(203, ['X-Own', '1']).end('x'), '203 1'],
  ['writeHead with pairs', (_, res) => void res.writeHead(203, [['X-Own', '1']] as unknown as string[]).end('x'), '203 1'],
  ['writeHead with two values', (_, res) => void res.writeHead(200, { 'X-Own': ['1', '2'] }).end('x'), '200 1, 2'],
  ['writeHead with one name twice', (_, res) => void res.writeHead(200, ['X-Own', '1', 'X-Own', '2']).end('x'), '200 1, 2'],
  ['flushHeaders', (_, res) => (res.flushHeaders(), void res.end('x')), '200 none'],
  ['write', (_, res) => (res.write('x'), void res.end()), '200 none'],
])('a head hook sees %s', async (_, listener, head) => {
  const port = await serve((req, res) => {
    applyOutcome(res, outcomeOf(seen))
    listener(req, res)
  })
  const { message, body } = await get(port)
  expect([message.headers['x-seen'], body]).toEqual([head, 'x'])
})

test('head hooks run once, also when writing the head fails at first', async () => {
  let runs = 0
  const port = await serve((_, res) => {
    applyOutcome(
      res,
      outcomeOf(() => ({ ok: true, head: () => [['x-runs', String(++runs)]] })),
    )
    expect(() => res.writeHead(99)).toThrow(RangeError)
    res.writeHead(200).end()
  })
  const { message } = await get(port)
  expect([message.statusCode, message.headers['x-runs'], runs]).toEqual([200, '1', 1])
})

test('a guard that decides after somebody has answered changes nothing, and its closed hook runs', async () => {
  const ends: unknown[] = []
  const port = await serve((_, res) => {
    res.end('early')
    applyOutcome(
      res,
      outcomeOf(() => ({ ok: true, headers: [['x-late', '1']], head: () => [], closed: (end) => ends.push(end) })),
    )
    endReply(res, { status: 500, body: 'late' })
  })
  const { message, body } = await get(port)
  expect([message.headers['x-late'], body]).toEqual([undefined, 'early'])
  await expect.poll(() => ends).toEqual([{ status: 200 }])
})

test('a reply after a head that was sent cuts the connection, since nothing true can follow', async () => {
  const port = await serve((_, res) => {
    res.writeHead(200, { 'content-length': '100' }).write('x')
    endReply(res, { status: 500, body: 'late' })
  })
  await expect(get(port)).rejects.toMatchObject({ code: 'ECONNRESET' })
})

test('what goes over the wire: bytes counted, types stated, nothing for 204 and 304', () => {
  expect(wireReply({ status: 200, headers: [['content-type', 'text/plain']], body: 'é' })).toEqual({
    headers: [
      ['content-type', 'text/plain'],
      ['content-length', '2'],
    ],
    body: Buffer.from('é'),
  })
  expect(wireReply({ status: 401 })).toEqual({ headers: [['content-length', '0']], body: Buffer.alloc(0) })
  const described = [
    ['content-type', 'text/plain'],
    ['etag', '"1"'],
  ] as const
  for (const status of [204, 304]) {
    expect(wireReply({ status, headers: described, body: 'x' })).toEqual({ headers: [['etag', '"1"']], body: undefined })
  }
})

test('[HTTP-4] a body whose sender goes away is refused, not thrown', async () => {
  const result = Promise.withResolvers<unknown>()
  const port = await serve((req) => {
    const headers = { 'content-type': 'application/json', 'content-length': '9' }
    result.resolve(echo(context({ method: 'POST', headers }), { parsed: undefined, chunks: () => chunksOf(req) }))
    client.destroy()
  })
  const client = request({ port, host: '127.0.0.1', method: 'POST', headers: { 'content-length': 9 } })
  client.on('error', () => {})
  client.write('{"a"')
  expect(await result.promise).toMatchObject({ status: 400 })
})

test('[HTTP-4] a body that is too large is refused without waiting for the rest, and the answer arrives', async () => {
  const port = await serve((req, res) => {
    const headers = { 'content-type': 'application/json', 'transfer-encoding': 'chunked' }
    const body = { parsed: undefined, chunks: () => chunksOf(req) }
    void echo(context({ method: 'POST', headers }), body).then((reply) => endReply(res, reply))
  })
  const client = request({ port, host: '127.0.0.1', method: 'POST' })
  client.on('error', () => {})
  client.write('x'.repeat(11)) // and no end
  const [message] = (await once(client, 'response')) as [IncomingMessage]
  expect([message.statusCode, message.headers.connection]).toEqual([413, 'close'])
  client.destroy()
})
