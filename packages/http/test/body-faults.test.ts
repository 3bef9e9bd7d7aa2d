import { connect } from 'node:net'
import { gzipSync } from 'node:zlib'
import { jsonReply } from '@wardstone/http'
import type { HttpAnswer, HttpHost, RunningHost, ServerTimes } from '@wardstone/testkit/http'
import { describe, expect, test } from 'vitest'
import { express4Host, expressHost } from '../../express/test/host.ts'
import { fastifyHost } from '../../fastify/test/host.ts'
import { koaHost } from '../../koa/test/host.ts'
import { nodeHost } from './hosts/node.ts'
import { webHost } from './hosts/web.ts'

const MIB = 2 ** 20
const JSON_HEAD = ['POST / HTTP/1.1', 'Host: app.test', 'Content-Type: application/json']

const head = (...lines: readonly string[]): string => [...lines, '', ''].join('\r\n')

/** What comes of bytes that are sent as fast as they are taken, until the server ends the connection. */
interface Conversation {
  readonly received: string
  /** What left this side; the kernel holds some of it. */
  readonly sentMiB: number
}

function talk(port: number, first: string, more?: { readonly chunk: Buffer; readonly upToMiB: number }): Promise<Conversation> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    let received = ''
    let sent = 0
    socket.setEncoding('latin1').on('data', (text: string) => void (received += text))
    socket.on('error', () => {}) // a reset is one of the ways in which a connection ends
    socket.once('close', () => resolve({ received, sentMiB: sent / MIB }))
    const pump = (): void => {
      while (more !== undefined && sent < more.upToMiB * MIB && !socket.destroyed) {
        sent += more.chunk.length
        if (!socket.write(more.chunk)) return void socket.once('drain', pump)
      }
    }
    socket.write(first, 'latin1', pump)
  })
}

async function serving<T>(
  host: HttpHost,
  answer: HttpAnswer,
  run: (server: RunningHost, reported: readonly unknown[]) => Promise<T>,
  server?: ServerTimes,
): Promise<T> {
  const reported: unknown[] = []
  const running = await host.start({
    baseline: {},
    routes: [{ method: 'POST', path: '/', answer }],
    report: (error) => void reported.push(error),
    server,
  })
  try {
    return await run(running, reported)
  } finally {
    await running.close()
  }
}

const statusOf = (received: string): number => Number(received.split(' ', 2)[1])

const READERS: ReadonlyArray<readonly [string, HttpAnswer]> = [
  ['endpoint', { endpoint: (_ctx, body) => jsonReply(200, { body: body ?? null }) }],
  ['parser', { json: {} }],
]

/** A chunk of 64 KiB inside a JSON text that never ends. */
const CHUNK = Buffer.from(`10000\r\n${' '.repeat(2 ** 16)}\r\n`)

/** 64 MiB in fewer bytes than any route refuses. */
const BOMB = gzipSync(Buffer.alloc(64 * MIB, ' '), { level: 9 }).toString('latin1')

describe.each([nodeHost, webHost, expressHost, express4Host, fastifyHost, koaHost])('$name', (host) => {
  test.each(READERS)('[HTTP-4] chunks without end are refused at the limit, and not read on: %s', async (_, answer) => {
    await serving(host, answer, async ({ port }, reported) => {
      const before = process.memoryUsage().rss
      const { received, sentMiB } = await talk(port, head(...JSON_HEAD, 'Transfer-Encoding: chunked'), {
        chunk: CHUNK,
        upToMiB: 200,
      })
      // Whether the answer gets through is the network's: an end in the middle of data is a reset. What came of it is a 413.
      if (received !== '') expect(statusOf(received)).toBe(413)
      // What lies in the buffers of both ends; a parser that reads a refused body to its end takes all 200.
      expect(sentMiB).toBeLessThan(32)
      expect((process.memoryUsage().rss - before) / MIB).toBeLessThan(64)
      expect(reported).toEqual([])
    })
  })

  test.each(READERS)('[HTTP-4] a bomb is refused before it is unpacked: %s', async (_, answer) => {
    await serving(host, answer, async ({ port }) => {
      const before = process.memoryUsage().rss
      const { received } = await talk(port, head(...JSON_HEAD, 'Content-Encoding: gzip', `Content-Length: ${BOMB.length}`) + BOMB)
      if (received !== '') expect(statusOf(received)).toBe(415)
      expect((process.memoryUsage().rss - before) / MIB).toBeLessThan(32)
    })
  })

  test.each(READERS)(
    '[HTTP-4] a body that does not come ends by the time of the server, and nobody is called: %s',
    async (_, answer) => {
      const times = { requestTimeout: 200, connectionsCheckingInterval: 50 }
      const asked: string[] = []
      const counted: HttpAnswer = 'endpoint' in answer ? { endpoint: () => (asked.push('endpoint'), jsonReply(200, {})) } : answer
      await serving(
        host,
        counted,
        async ({ port }, reported) => {
          const { received } = await talk(port, head(...JSON_HEAD, 'Content-Length: 100') + '{"a":')
          if (received !== '') expect([400, 408]).toContain(statusOf(received))
          expect([asked, reported]).toEqual([[], []])
        },
        times,
      )
    },
  )

  test('[HTTP-4] a megabyte of headers is refused by the server', async () => {
    await serving(host, READERS[0]![1], async ({ port }) => {
      const lines = Array.from({ length: 1024 }, (_, i) => `X-Fill-${i}: ${'x'.repeat(1010)}`)
      const { received } = await talk(port, head(...JSON_HEAD, ...lines))
      if (received !== '') expect(statusOf(received)).toBe(431)
      const after = await talk(port, head(...JSON_HEAD, 'Connection: close', 'Content-Length: 2') + '{}')
      expect(statusOf(after.received)).toBe(200)
    })
  })

  test.each(READERS)('[HTTP-4] a client that goes away in the middle of a body harms nobody: %s', async (_, answer) => {
    await serving(host, answer, async ({ port }, reported) => {
      const socket = connect(port, '127.0.0.1')
      await new Promise<void>(
        (resolve) => void socket.write(head(...JSON_HEAD, 'Content-Length: 100') + '{"a":', () => resolve()),
      )
      socket.resetAndDestroy()
      const after = await talk(port, head(...JSON_HEAD, 'Connection: close', 'Content-Length: 2') + '{}')
      expect([statusOf(after.received), reported]).toEqual([200, []])
    })
  })
})
