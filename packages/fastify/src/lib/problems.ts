import { faultAnswers, inContext, notFoundProblem, type ProblemsOptions } from '@wardstone/http'
import { CONTENT_HEADERS } from '@wardstone/http/node'
import type { FastifyPluginCallback, FastifyRequest } from 'fastify'
import { contextOf } from './context.ts'
import { afterBaseline } from './left-out.ts'
import { plugin } from './plugin.ts'
import { sendReply } from './reply.ts'
import { skipBody } from './skip-body.ts'

/**
 * The error boundary: what no route answered becomes a 404, what was thrown a problem document that tells nothing of the
 * error. A plugin for the instance on which it is registered.
 *
 * @throws {@link ConfigurationError} `invalid_options`
 * @see {@link baseline}
 */
export function problems(options?: ProblemsOptions<FastifyRequest>): FastifyPluginCallback {
  const answer = faultAnswers(options, (error, ctx) => ctx.raw.log.error({ err: error }, 'request failed'))

  return plugin('@wardstone/fastify/problems', (instance) => {
    instance.addHook('preParsing', function wardstoneNotFoundBody(request, _reply, payload, done) {
      if (request.is404) skipBody(request) // which no route wants: 404 is the answer whatever it holds
      done(null, payload)
    })
    instance.setNotFoundHandler(function wardstoneNotFound(request, reply) {
      sendReply(reply, notFoundProblem(contextOf(request)))
    })
    instance.setErrorHandler(function wardstoneProblem(error, request, reply) {
      afterBaseline(request, reply, () => {
        const ctx = contextOf(request)
        const answered = inContext(ctx, () => answer(ctx, error, reply.raw.headersSent))
        for (const name of CONTENT_HEADERS) {
          reply.removeHeader(name)
          if (!reply.raw.headersSent) reply.raw.removeHeader(name) // Fastify 5.0 leaves it there
        }
        sendReply(reply, answered)
      })
    })
  })
}
