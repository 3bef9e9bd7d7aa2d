import { explain, jsonReply, type Explanation } from '@wardstone/http'
import { runHttpCase, type HttpAnswer, type HttpCase, type HttpHost } from '@wardstone/testkit/http'
import { expect, test } from 'vitest'
import { express4Host, expressHost } from '../../express/test/host.ts'
import { fastifyHost } from '../../fastify/test/host.ts'
import { koaHost } from '../../koa/test/host.ts'
import { nodeHost } from './hosts/node.ts'
import { webHost } from './hosts/web.ts'

const SECRET = 'Correct-Horse-9!'
const hosts = [nodeHost, webHost, expressHost, express4Host, fastifyHost, koaHost]

const post = (type: string, length: number | undefined, body: string): string =>
  [
    'POST / HTTP/1.1',
    'Host: app.test',
    'Connection: close',
    `Content-Type: ${type}`,
    length === undefined ? 'Transfer-Encoding: chunked' : `Content-Length: ${length}`,
    '',
    body,
  ].join('\r\n')

/** What the operator is told of a request to a route that reads 64 bytes. */
async function told(host: HttpHost, answer: HttpAnswer, request: string): Promise<Explanation | undefined> {
  let said: Explanation | undefined
  const row: HttpCase = {
    title: '',
    routes: (probe) => [
      {
        method: 'POST',
        path: '/',
        first: (ctx) => ({
          ok: true,
          closed() {
            said = explain(ctx)
            probe.note('closed')
          },
        }),
        answer,
      },
    ],
    request,
    expect: { status: 0, reason: '', headers: [], body: '', cut: false, notes: ['closed'] },
  }
  await runHttpCase(host, row)
  return said
}

const READERS: ReadonlyArray<readonly [string, HttpAnswer]> = [
  ['an endpoint', { endpoint: (_ctx, body) => jsonReply(200, { body }), bodyLimit: 64 }],
  ['the parser', { json: { limit: 64 } }],
]
const malformed = `{"password":"${SECRET}",}`
const poisoned = `{"password":"${SECRET}","__proto__":{}}`

test.each(
  READERS.flatMap(([who, answer]) =>
    (
      [
        ['another type', post('text/plain', 2, '{}'), 'unsupported_media_type', /^content-type is "text\/plain"$/],
        ['another charset', post('application/json;charset=utf-7', 2, '{}'), 'unsupported_media_type', /: JSON is UTF-8$/],
        ['what is no JSON', post('application/json', malformed.length, malformed), 'malformed_request', /^The text is no JSON/],
        ['poison', post('application/json', poisoned.length, poisoned), 'malformed_request', /^__proto__|^The text is poisoned/],
        [
          'what turns out too large',
          post('application/json', undefined, `41\r\n${'x'.repeat(65)}\r\n`),
          'body_too_large',
          / 64 bytes/,
        ],
      ] as const
    ).map(([what, request, code, why]) => ({ who, what, answer, request, code, why })),
  ),
)(
  '[HTTP-4] of $what, $who tells the operator why, and nothing of the body',
  async ({ who, what, answer, request, code, why }) => {
    for (const host of hosts) {
      const said = await told(host, answer, request)
      // Fastify's own parser measures by itself, and tells no hook of it.
      if (host === fastifyHost && who === 'the parser' && code === 'body_too_large') {
        expect(said, `${host.name}: ${what}`).toBeUndefined()
        continue
      }
      expect(said, `${host.name}: ${what}`).toMatchObject({ code, why: expect.stringMatching(why) })
      expect(JSON.stringify(said)).not.toContain(SECRET)
    }
  },
)
