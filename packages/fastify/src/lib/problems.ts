import { readOptions } from '@wardstone/core'
import { faultProblem, notFoundProblem, type HttpContext } from '@wardstone/http'
import { CONTENT_HEADERS } from '@wardstone/http/node'
import type { FastifyPluginCallback, FastifyRequest } from 'fastify'
import { contextOf } from './context.ts'
import { plugin } from './plugin.ts'
import { sendReply } from './reply.ts'
import { skipBody } from './skip-body.ts'

/** Options of {@link problems}. */
export interface ProblemsOptions {
  /**
   * Told of every error that was answered with 500 or above, or came after the head was sent. Default: `request.log.error`.
   */
  readonly report?: ((error: unknown, ctx: HttpContext<FastifyRequest>) => void) | undefined
}

/**
 * The error boundary: what no route answered becomes a 404, what was thrown a problem document that tells nothing of the
 * error. A plugin for the instance on which it is registered.
 *
 * @throws {@link ConfigurationError} `invalid_options`
 * @see {@link baseline}
 */
export function problems(options?: ProblemsOptions): FastifyPluginCallback {
  const given = readOptions('problems', options, (o) => o.callback<ProblemsOptions['report']>('report'))
  const report = given ?? ((error, ctx) => ctx.raw.log.error({ err: error }, 'request failed'))

  return plugin('@wardstone/fastify/problems', (instance) => {
    instance.addHook('preParsing', function wardstoneNotFoundBody(request, _reply, payload, done) {
      if (request.is404) skipBody(request) // which no route wants: 404 is the answer whatever it holds
      done(null, payload)
    })
    instance.setNotFoundHandler(function wardstoneNotFound(request, reply) {
      sendReply(reply, notFoundProblem(contextOf(request)))
    })
    instance.setErrorHandler(function wardstoneProblem(error, request, reply) {
      const ctx = contextOf(request)
      const answer = faultProblem(ctx, error)
      if (answer.status >= 500 || reply.raw.headersSent) tell(report, error, ctx)
      for (const name of CONTENT_HEADERS) reply.removeHeader(name)
      sendReply(reply, answer)
    })
  })
}

function tell(report: NonNullable<ProblemsOptions['report']>, error: unknown, ctx: HttpContext<FastifyRequest>): void {
  try {
    report(error, ctx)
  } catch {
    // Whoever sent the request still gets an answer.
  }
}
