import { createServer, request as send, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { baseline, runner } from '@wardstone/http'
import { contextOf } from '@wardstone/http/node'
import { afterAll, beforeAll, expect, test } from 'vitest'

const APP = 'https://app.example.com'
const EVIL = 'https://evil.example.net'
const judge = runner([baseline({ publicOrigins: [APP] })])

// As the guide does where a WebSocket is answered: no framework sees the handshake, and there is no response.
const server = createServer()
server.on('upgrade', (request: IncomingMessage, socket) => {
  const accept = async (): Promise<void> => {
    const { refused, fault } = await judge(contextOf(request))
    const passes = refused === undefined && fault === undefined
    const head = passes
      ? '101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket'
      : `${refused?.reply.status ?? 500} Refused`
    socket.end(`HTTP/1.1 ${head}${passes ? '' : '\r\nConnection: close\r\nContent-Length: 0'}\r\n\r\n`)
  }
  void accept()
})
beforeAll(async () => new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve)))
afterAll(() => void server.close())

/** The status of a handshake with these headers. */
async function handshake(headers: Readonly<Record<string, string | string[]>>): Promise<number | undefined> {
  const { port } = server.address() as AddressInfo
  return new Promise((resolve, reject) => {
    const asked = send({
      host: '127.0.0.1',
      port,
      agent: false,
      headers: { connection: 'Upgrade', upgrade: 'websocket', ...headers },
    })
    asked.once('upgrade', ({ statusCode }, socket) => {
      socket.destroy()
      resolve(statusCode)
    })
    asked.once('response', (response) => {
      response.resume()
      resolve(response.statusCode)
    })
    asked.once('error', reject)
    asked.end()
  })
}

test.each<[number, Readonly<Record<string, string | string[]>>]>([
  [403, { origin: EVIL, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'websocket', cookie: 'sid=1' }],
  [403, { origin: EVIL, cookie: 'sid=1' }],
  [403, { origin: EVIL }],
  [403, { origin: [APP, EVIL], cookie: 'sid=1' }],
  [403, { cookie: 'sid=1' }],
  [403, { origin: 'null', upgrade: 'WebSocket' }],
  [101, { origin: APP, cookie: 'sid=1' }],
  [101, { origin: APP, 'sec-fetch-site': 'same-origin', cookie: 'sid=1' }],
  [101, {}],
])('[HTTP-3] a handshake is answered %i: %j', async (status, headers) => {
  expect(await handshake(headers)).toBe(status)
})
