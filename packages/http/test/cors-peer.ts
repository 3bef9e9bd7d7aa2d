import { once } from 'node:events'
import { request, type IncomingMessage, type RequestListener } from 'node:http'
import peer, { type CorsOptions as PeerOptions, type CorsOptionsDelegate } from 'cors'
import type { CorsOptions } from '@wardstone/http'
import { listener } from '@wardstone/http/node'
import { serve } from '@wardstone/testkit/http'

/** A request to both. */
export interface Ask {
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  /** One more header to compare. */
  readonly also?: string
  /** What the response varies by before. */
  readonly varies?: string
}

/** The page that asks, unless a row says otherwise. */
export const PAGE = 'https://request.com'

export const get = (origin: string | undefined = PAGE): Ask => ({
  method: 'GET',
  headers: origin === undefined ? {} : { origin },
})
export const preflight = (origin = PAGE): Ask => ({
  method: 'OPTIONS',
  headers: { origin, 'access-control-request-method': 'PATCH', 'access-control-request-headers': 'header1,header2' },
})

/** What CORS is about in a response: status, grants and what it varies by. */
export type Answer = Readonly<Record<string, string>>

/** Both behind a handler that answers everything with 200. */
export async function theirs(options: PeerOptions | CorsOptionsDelegate | undefined, ask: Ask): Promise<Answer> {
  const handle = peer(options as PeerOptions)
  return answer(ask, (req, res) => {
    handle(req, res, (error: unknown) => void res.writeHead(error === undefined || error === null ? 200 : 500).end())
  })
}

export async function ours(options: CorsOptions, ask: Ask): Promise<Answer> {
  const handler = listener([(_req, res) => void res.writeHead(200).end()], {
    baseline: { headers: false, csrf: false, cors: options },
  })
  return answer(ask, handler)
}

async function answer(ask: Ask, handler: RequestListener): Promise<Answer> {
  const server = await serve((req, res) => {
    if (ask.varies !== undefined) res.setHeader('vary', ask.varies)
    handler(req, res)
  })
  try {
    const asked = request({ port: server.port, host: '127.0.0.1', agent: false, method: ask.method, headers: ask.headers }).end()
    const [message] = (await once(asked, 'response')) as [IncomingMessage]
    message.resume()
    await once(message, 'end')
    const about = Object.entries(message.headers).filter(
      ([name]) => name === 'vary' || name === ask.also || name.startsWith('access-control-'),
    )
    return {
      status: String(message.statusCode),
      ...Object.fromEntries(about.map(([name, value]) => [name, listed(name, String(value))])),
    }
  } finally {
    await server.close()
  }
}

/** Lists without what makes no difference: spaces, and for `Vary` order and case. */
function listed(name: string, value: string): string {
  const items = value.split(',').map((item) => item.trim())
  return (name === 'vary' ? items.map((item) => item.toLowerCase()).sort() : items).join(',')
}

/** Where two answers differ: theirs and ours. */
export function difference(a: Answer, b: Answer): Readonly<Record<string, readonly [string | undefined, string | undefined]>> {
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])].sort()
  return Object.fromEntries(names.filter((name) => a[name] !== b[name]).map((name) => [name, [a[name], b[name]]]))
}
