import { readOptions } from '@wardstone/core'
import { faultProblem, notFoundProblem, type HttpContext } from '@wardstone/http'
import { CONTENT_HEADERS, endReply } from '@wardstone/http/node'
import type { ErrorRequestHandler, Request, RequestHandler } from 'express'
import { contextOf } from './context.ts'

/** Options of {@link problems}. */
export interface ProblemsOptions {
  /**
   * Told of every error that was answered with 500 or above, or came after the head was sent. Default: `console.error`.
   */
  readonly report?: ((error: unknown, ctx: HttpContext<Request>) => void) | undefined
}

/**
 * The outermost error boundary: what no route answered becomes a 404, what was thrown a problem document that tells
 * nothing of the error. Goes on the application after everything else: `app.use(problems())`.
 *
 * @throws {@link ConfigurationError} `invalid_options`
 * @see {@link baseline}
 */
export function problems(options?: ProblemsOptions): [notFound: RequestHandler, failed: ErrorRequestHandler] {
  const given = readOptions('problems', options, (o) => o.callback<ProblemsOptions['report']>('report'))
  const report = given ?? ((error: unknown) => console.error(error))

  return [
    function wardstoneNotFound(req, res) {
      endReply(res, notFoundProblem(contextOf(req)))
    },
    // Express knows an error handler by its four parameters.
    function wardstoneProblem(error: unknown, req, res, _next) {
      const ctx = contextOf(req)
      const reply = faultProblem(ctx, error)
      if (reply.status >= 500 || res.headersSent) tell(report, error, ctx)
      if (!res.headersSent) for (const name of CONTENT_HEADERS) res.removeHeader(name)
      endReply(res, reply)
    },
  ]
}

function tell(report: NonNullable<ProblemsOptions['report']>, error: unknown, ctx: HttpContext<Request>): void {
  try {
    report(error, ctx)
  } catch {
    // Whoever sent the request still gets an answer.
  }
}
