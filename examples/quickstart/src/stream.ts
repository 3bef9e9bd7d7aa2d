import type { RequestHandler } from 'express'
import { contextOf } from '@wardstone/express'
import type { TokenService } from '@wardstone/tokens'
import { streamSignal } from '@wardstone/tokens/http'
import type { Claims } from './tokens.ts'

/** Events for whoever is signed in, until the session ends, or the access token does: then the browser comes back with a new one. */
export function eventStream(tokens: TokenService<Claims>, draining: AbortSignal): RequestHandler {
  return (req, res) => {
    const closed = new AbortController()
    res.once('close', () => closed.abort('closed'))
    const signal = streamSignal(tokens, contextOf(req), AbortSignal.any([closed.signal, draining]))
    res.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
    res.write(`event: hello\ndata: ${JSON.stringify({ at: tokens.now() })}\n\n`)
    const beat = setInterval(() => res.write(': still there\n\n'), 15_000)
    const end = (): void => {
      clearInterval(beat)
      res.end(`event: bye\ndata: ${JSON.stringify({ why: String(signal.reason) })}\n\n`)
    }
    if (signal.aborted) end()
    else signal.addEventListener('abort', end, { once: true })
  }
}
