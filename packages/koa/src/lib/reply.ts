import type { Reply } from '@wardstone/http'
import { addHeaders, endReply, headersOf, isGone, wireReply } from '@wardstone/http/node'
import type { KoaContext } from './context.ts'

/**
 * Answers with a whole reply, as the body of Koa's context, which is sent when every middleware has returned: those that
 * stand around (sessions, compression, logs) see it and may still add headers.
 */
export function sendReply(ctx: KoaContext, reply: Reply): void {
  const { res } = ctx
  if (res.headersSent || isGone(res)) {
    ctx.respond = false
    endReply(res, reply)
    return
  }
  const { headers, body } = wireReply(reply)
  const typed = res.hasHeader('content-type')
  ctx.status = reply.status
  ctx.body = body
  // Koa guesses a type and a length, and spells them in its own way; the reply states both.
  if (!typed) res.removeHeader('content-type')
  res.removeHeader('content-length')
  addHeaders(headersOf(res), headers)
}
