import { bodyLimitOf, endpointRunner, hasBody, requireJson, type Endpoint, type EndpointOptions } from '@wardstone/http'
import type { RouteShorthandOptionsWithHandler } from 'fastify'
import { contextOf } from './context.ts'
import { sendReply } from './reply.ts'
import { skipBody } from './skip-body.ts'

/**
 * A route from an {@link Endpoint}: JSON or nothing comes in, through Fastify's own parser, a reply goes out. What it makes
 * is the options of a route, to which hooks may be added.
 *
 * @throws {@link ConfigurationError} `invalid_options`
 *
 * @example
 * ```ts
 * import { endpoint, guard } from '@wardstone/fastify'
 * import { ALLOW, jsonReply } from '@wardstone/http'
 * import { fastify } from 'fastify'
 *
 * const echo = endpoint((ctx, body) => jsonReply(200, { body }), { bodyLimit: 1024 })
 * fastify()
 *   .post('/echo', echo)
 *   .post('/guarded', { ...echo, onRequest: guard(() => ALLOW) })
 * ```
 */
export function endpoint(handler: Endpoint, options?: EndpointOptions): RouteShorthandOptionsWithHandler {
  const answer = endpointRunner(handler, options)
  return {
    bodyLimit: bodyLimitOf(options),
    // After every guard, before the body.
    preParsing(request, reply, payload, done) {
      const ctx = contextOf(request)
      const refused = requireJson(ctx)
      if (refused !== undefined) return sendReply(reply, refused.reply)
      if (!hasBody(ctx)) skipBody(request)
      done(null, payload)
    },
    async handler(request, reply) {
      sendReply(reply, await answer(contextOf(request), { parsed: request.body }))
      return reply
    },
  }
}
