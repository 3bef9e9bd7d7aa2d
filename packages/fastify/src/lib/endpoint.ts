import { endpointRules, endpointRunner, hasBody, readJsonBody, type Endpoint, type EndpointOptions } from '@wardstone/http'
import { chunksOf } from '@wardstone/http/node'
import type { RouteShorthandOptionsWithHandler } from 'fastify'
import { contextOf } from './context.ts'
import { sendReply } from './reply.ts'
import { skipBody } from './skip-body.ts'

/**
 * A route from an {@link Endpoint}: JSON or nothing comes in, a reply goes out. What it makes is the options of a route, to which
 * hooks may be added; from `preValidation` on, `request.body` is there.
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
  const rules = endpointRules(options)
  return {
    bodyLimit: rules.limit,
    // After every guard, before the body. Fastify's own parser makes text also of bytes that are none.
    preParsing(request, reply, payload, done) {
      const ctx = contextOf(request)
      if (!rules.expects(ctx)) {
        const refused = rules.requireJson(ctx)
        if (refused !== undefined) return sendReply(reply, refused.reply)
        if (!hasBody(ctx)) skipBody(request)
        return done(null, payload)
      }
      readJsonBody(rules, ctx, { parsed: undefined, chunks: () => chunksOf(payload) })
        .then((read) => {
          if (!read.ok) return sendReply(reply, read.reply)
          request.body = read.body
          skipBody(request)
          done(null, payload)
        })
        .catch(done)
    },
    async handler(request, reply) {
      sendReply(reply, await answer(contextOf(request), { parsed: request.body }))
      return reply
    },
  }
}
