import type { ServerResponse } from 'node:http'
import { faultAnswers, inContext, notFoundProblem, type ProblemsOptions } from '@wardstone/http'
import { CONTENT_HEADERS, endReply, isGone } from '@wardstone/http/node'
import { contextOf, type KoaContext, type KoaMiddleware } from './context.ts'
import { sendReply } from './reply.ts'

/** Where Koa brings what was thrown, by a middleware or while a body was sent. */
interface Failing {
  onerror: (error: unknown) => void
}

/**
 * The error boundary: what nothing answered becomes a 404, what was thrown a problem document that tells nothing of the
 * error. Goes on the application, right after {@link baseline}. It takes the place of Koa's own answer to errors, which would drop
 * every header that was set, and it is told where no `catch` reaches: a body that fails is reported, though Koa then cuts the
 * connection without an answer.
 *
 * Errors are told to `report`, by default to the application's `error` event, as Koa does.
 *
 * @throws {@link ConfigurationError} `invalid_options`
 */
export function problems(options?: ProblemsOptions<KoaContext>): KoaMiddleware {
  const answer = faultAnswers(options, emitError)
  return async function wardstoneProblems(ctx, next) {
    const failing = ctx as KoaContext & Failing
    let last: unknown
    // Koa brings the end of every response here too, and an error of a body twice.
    failing.onerror = (error) => {
      const { res } = ctx
      if (error == null || error === last || isAbort(error, res)) return
      last = error
      const context = contextOf(ctx)
      const reply = inContext(context, () => answer(context, error, res.headersSent))
      if (!res.headersSent) for (const name of CONTENT_HEADERS) res.removeHeader(name)
      endReply(res, reply)
    }
    try {
      await inContext(contextOf(ctx), next)
    } catch (thrown) {
      // Which is how Koa says that all went well.
      throw thrown ?? new Error('A handler threw undefined or null')
    }
    if (isUnanswered(ctx)) sendReply(ctx, notFoundProblem(contextOf(ctx)))
  }
}

/** Whether somebody has taken Koa's own answer to errors away. */
export function hasBoundary(ctx: KoaContext): boolean {
  return Object.hasOwn(ctx, 'onerror')
}

/** Tells of an error as Koa does, whose own listener takes nothing but errors. */
export function emitError(error: unknown, { raw }: { readonly raw: KoaContext }): void {
  const told = error instanceof Error ? error : new Error('Something that is no error was thrown', { cause: error })
  raw.app.emit('error', told, raw)
}

/** The client went away: nobody's fault. A body that fails ends the connection by its own error, and is one. */
function isAbort(error: unknown, response: ServerResponse): boolean {
  const { req, destroyed, errored } = response
  if (isGone(response) && codeOf(error) === 'ERR_HTTP2_INVALID_STREAM') return true
  if (error === req.socket.errored && error !== errored) return true
  return destroyed && codeOf(error) === 'ERR_STREAM_PREMATURE_CLOSE'
}

function codeOf(error: unknown): unknown {
  try {
    return (error as { readonly code?: unknown }).code
  } catch {
    return undefined // what was thrown need not be an error
  }
}

/** Koa begins every response with a 404 and no body. */
function isUnanswered(ctx: KoaContext): boolean {
  return ctx.status === 404 && ctx.body == null && ctx.respond !== false && !ctx.res.headersSent
}
