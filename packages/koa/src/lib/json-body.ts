import { METHODS } from 'node:http'
import { bodyParser } from '@koa/bodyparser'
import { jsonRules, type BodyFault, type JsonBodyOptions } from '@wardstone/http'
import { isGone } from '@wardstone/http/node'
import { contextOf, type KoaMiddleware } from './context.ts'
import { sendReply } from './reply.ts'

/** As Koa's parser says it of HTTP/1. */
const GONE = { status: 400 }

/** What Koa's parser means by the status of its errors. They carry the body, and quote it: neither is passed on. */
const FAULTS: Readonly<Record<number, BodyFault>> = { 400: 'malformed', 413: 'too_large' }

/**
 * Parses bodies of JSON by `@koa/bodyparser`, set up so that it takes nothing else: another type, another charset or a compressed
 * body is a 415, one above the limit a 413 as soon as that shows, malformed, poisoned or too deeply nested JSON a 400. What comes
 * with `GET` and `HEAD` is not looked at. Handlers find the value in `ctx.request.body`, which is `undefined` without a body.
 *
 * Goes behind {@link baseline} and {@link problems}, on the application or on routes; where other types are to come in, their routes
 * go before it.
 *
 * @throws {@link ConfigurationError} `invalid_options`
 *
 * @example
 * ```ts
 * import { baseline, problems } from '@wardstone/koa'
 * import { jsonBody } from '@wardstone/koa/body'
 * import Koa from 'koa'
 *
 * const app = new Koa()
 * app.use(baseline({ bodyLimit: Number(process.env.MAX_REQUEST_SIZE_BYTES ?? 1_048_576) }))
 * app.use(problems())
 * app.use(jsonBody({ limit: 65_536 }))
 * app.use((ctx) => void (ctx.body = ctx.request.body))
 * ```
 */
export function jsonBody(options?: JsonBodyOptions): KoaMiddleware {
  const rules = jsonRules(options)
  const parse = parserOf(rules.limit)
  return async function wardstoneJsonBody(ctx, next) {
    const http = contextOf(ctx)
    const refused = rules.before(http)
    if (refused !== undefined) return sendReply(ctx, refused.reply)
    if (rules.expects(http) && (ctx.request as WithBody).body === undefined) {
      const limit = rules.limitOf(http)
      const chunks: Buffer[] = []
      const keep = (chunk: Buffer): void => void chunks.push(chunk)
      ctx.req.on('data', keep)
      let fault: BodyFault | undefined
      try {
        // Over HTTP/2, what a client that has gone leaves behind cannot even be asked.
        if (isGone(ctx.res)) throw GONE
        await (limit === rules.limit ? parse : parserOf(limit))(ctx, async () => {})
      } catch (error) {
        fault = FAULTS[Number((error as { readonly status?: unknown }).status)]
        if (fault === undefined) throw error
      } finally {
        ctx.req.off('data', keep) // the rest of a refused body may still come
      }
      if (fault === 'too_large') return sendReply(ctx, rules.refuse(http, fault, 'it has come').reply)
      const bytes = Buffer.concat(chunks)
      if (fault === undefined && rules.isNone(http, bytes.length)) {
        Object.assign(ctx.request, { body: undefined })
      } else {
        // Over HTTP/2 only its bytes tell that there is a body, which then needs a type.
        const untyped = rules.requireJson(http, true)
        if (untyped !== undefined) return sendReply(ctx, untyped.reply)
        const why = reasonOf(() => rules.check(bytes))
        if (fault !== undefined || why !== undefined) {
          return sendReply(ctx, rules.refuse(http, 'malformed', why ?? 'The text is no JSON, or no whole one').reply)
        }
      }
    }
    await next()
  }
}

/** Left on Koa's request by its parser. */
interface WithBody {
  readonly body?: unknown
}

function parserOf(limit: number): KoaMiddleware {
  return bodyParser({
    enableTypes: ['json'],
    detectJSON: () => true, // which has been decided, once
    jsonStrict: false, // a text is JSON too
    jsonLimit: String(limit),
    parsedMethods: METHODS.filter((method) => method !== 'GET' && method !== 'HEAD'),
  }) as unknown as KoaMiddleware
}

/** What a check says against the body. */
function reasonOf(check: () => void): string | undefined {
  try {
    check()
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}
