import type { IncomingMessage } from 'node:http'
import { jsonRules, type BodyFault, type JsonBodyOptions } from '@wardstone/http'
import { contextOf, endReply, type NodeHandler } from '@wardstone/http/node'
import express from 'express'

/** What Express's parser calls its errors that are the body's. Its own messages quote the body, in which there may be a password. */
const MALFORMED: Readonly<Record<string, string | undefined>> = {
  'entity.parse.failed': 'The text is no JSON',
  'request.aborted': 'the client went away in the middle of the body',
  'request.size.invalid': 'the client went away in the middle of the body',
}

/**
 * Parses bodies of JSON by `express.json`, set up so that it takes nothing else: another type, another charset or a compressed
 * body is a 415, one above the limit a 413 as soon as that shows, malformed, poisoned or too deeply nested JSON a 400. What comes
 * with `GET` and `HEAD` is not looked at. Handlers find the value in `req.body`, which stays as it is without a body.
 *
 * Goes behind {@link baseline}, on the application or on routes; where other types are to come in, their routes go before it.
 *
 * @throws {@link ConfigurationError} `invalid_options`
 *
 * @example
 * ```ts
 * import { baseline, jsonBody, problems } from '@wardstone/express'
 * import express from 'express'
 *
 * const app = express()
 * app.use(baseline({ bodyLimit: Number(process.env.MAX_REQUEST_SIZE_BYTES ?? 1_048_576) }))
 * app.use(jsonBody({ limit: 65_536 }))
 * app.post('/posts', (req, res) => void res.status(201).json(req.body))
 * app.use(problems())
 * ```
 */
export function jsonBody(options?: JsonBodyOptions): NodeHandler {
  const rules = jsonRules(options)
  const parse = express.json({
    inflate: false,
    strict: false, // a text is JSON too
    limit: rules.limit,
    type: () => true, // which has been decided, once
    verify: (_request, _response, bytes) => rules.check(bytes),
  }) as unknown as NodeHandler
  return function wardstoneJsonBody(request, response, next) {
    const ctx = contextOf(request)
    const refused = rules.before(ctx)
    if (refused !== undefined) return endReply(response, refused.reply)
    if (!rules.expects(ctx)) return next()
    let over = false
    const refuse = (fault: BodyFault, why: string): void => {
      over = true
      endReply(response, rules.refuse(ctx, fault, why).reply)
    }
    if (ctx.header('content-length') === undefined) {
      onceOver(request, rules.limitOf(ctx), (size) => refuse('too_large', `${size} bytes have come`))
    }
    parse(request, response, (error) => {
      // The parser reads what is too large to its end before it says so. By then, all is said.
      if (over) return
      if (error == null) return next()
      const { type, message } = error as { readonly type?: unknown; readonly message?: unknown }
      const why = type === 'entity.verify.failed' ? String(message) : MALFORMED[String(type)]
      if (why === undefined) next(error)
      else refuse('malformed', why)
    })
  }
}

/** Calls back with the number of bytes that have come, once these are more than the limit. */
function onceOver(request: IncomingMessage, limit: number, over: (size: number) => void): void {
  let size = 0
  request.on('data', function count(chunk: Uint8Array) {
    size += chunk.length
    if (size <= limit) return
    request.off('data', count)
    over(size)
  })
}
