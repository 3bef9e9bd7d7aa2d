import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline, Readable } from 'node:stream'
import type { ReadableStream as NodeReadableStream } from 'node:stream/web'
import { ALLOW, type Decision } from '@wardstone/http'
import { baseline, contextOf, endpoint, guard, problems, type WebFacts } from '@wardstone/http/web'
import { serve, type HttpHost, type HttpRoute, type Transcript } from '@wardstone/testkit/http'
import { endpointOf, match } from './routes.ts'

/** The conformance table's applications over `Request`, behind a bridge such as every runtime has one. */
export const webHost: HttpHost = {
  name: 'Request',
  sortsHeaders: true,
  differences: [
    { title: 'OPTIONS * is a 404 like any other', because: 'no URL says "*"' },
    {
      title: 'a callback of baseline that throws is a 500 with all headers, and is told',
      because: 'console.error is told: the boundary stands inside, and was never asked',
      instead: (expected) => ({ ...expected, notes: [] }),
    },
    {
      title: 'what a handler says of Vary by its own means does not hide the origin',
      because: 'what guards say comes first: a response is made last',
      instead: (expected) => varying(expected, 'Origin, Accept-Language'),
    },
  ],
  start({ baseline: options, routes, report, server }) {
    const [base, boundary] = [baseline(options), problems({ report })]
    const handlers = new Map(routes.map((route) => [route, handlerOf(route)]))
    const answer = (request: Request, ip: string | undefined): Promise<Response> =>
      base(
        request,
        () =>
          boundary(request, () => {
            const found = match(routes, request.method, contextOf(request).path)
            return found && handlers.get(found.route)?.(request, { route: found.pattern, params: found.params })
          }),
        { ip },
      )
    return serve((message, response) => void bridge(message, response, answer), server)
  },
}

function varying(expected: Transcript, vary: string): Transcript {
  return { ...expected, headers: expected.headers.map(([name, value]) => [name, name === 'vary' ? vary : value] as const) }
}

const allow = (): Decision => ALLOW

function handlerOf({ first, guards = [], answer }: HttpRoute): (request: Request, facts: WebFacts) => Promise<Response> {
  const [before, rest] = [guard(first ?? allow), guard(...(guards.length === 0 ? [allow] : guards))]
  const read = endpointOf(answer)
  const last = read && endpoint(...read)
  return (request, facts) =>
    before(
      request,
      () =>
        rest(request, () => {
          if (last !== undefined) return last(request)
          if ('throws' in answer) throw answer.throws
          if (!('stream' in answer)) throw new Error('no such answer')
          const body = Readable.toWeb(Readable.from(answer.stream()).map((text: string) => Buffer.from(text))) as ReadableStream
          const vary = answer.vary === undefined ? {} : { vary: answer.vary }
          return new Response(body, { headers: { 'content-type': answer.type ?? 'text/plain', ...vary } })
        }),
      facts,
    )
}

/** A message of Node's as a `Request`, and a `Response` on its way back. */
async function bridge(
  message: IncomingMessage,
  response: ServerResponse,
  answer: (request: Request, ip: string | undefined) => Promise<Response>,
): Promise<void> {
  const gone = new AbortController()
  response.once('close', () => response.writableFinished || gone.abort())
  const headers = new Headers()
  for (let i = 0; i < message.rawHeaders.length; i += 2) headers.append(message.rawHeaders[i]!, message.rawHeaders[i + 1]!)
  const { method = 'GET', url = '/' } = message
  const empty = method === 'GET' || method === 'HEAD'
  const request = new Request(new URL(url, 'http://app.test'), {
    method,
    headers,
    signal: gone.signal,
    body: empty ? null : (Readable.toWeb(message) as ReadableStream),
    duplex: 'half',
  } as RequestInit)
  const answered = await answer(request, message.socket.remoteAddress)
  if (response.destroyed) return answered.body?.cancel()
  response.statusCode = answered.status
  for (const [name, value] of answered.headers) response.appendHeader(name, value)
  if (answered.body === null) response.end()
  else pipeline(Readable.fromWeb(answered.body as NodeReadableStream), response, () => {})
}
