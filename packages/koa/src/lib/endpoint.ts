import { endpointRunner, inContext, type Endpoint, type EndpointOptions } from '@wardstone/http'
import { chunksOf } from '@wardstone/http/node'
import { contextOf, type KoaMiddleware } from './context.ts'
import { sendReply } from './reply.ts'

/**
 * A route's handler from an {@link Endpoint}: JSON or nothing comes in, a reply goes out. A body that the application has
 * parsed before is taken as it is.
 *
 * @throws {@link ConfigurationError} `invalid_options`
 *
 * @example
 * ```ts
 * import Router from '@koa/router'
 * import { jsonReply } from '@wardstone/http'
 * import { endpoint } from '@wardstone/koa'
 *
 * new Router().post('/echo', endpoint((ctx, body) => jsonReply(200, { body }), { bodyLimit: 1024 }))
 * ```
 */
export function endpoint(handler: Endpoint, options?: EndpointOptions): KoaMiddleware {
  const answer = endpointRunner(handler, options)
  return async function wardstoneEndpoint(ctx) {
    const parsed = (ctx.request as { readonly body?: unknown }).body
    const context = contextOf(ctx)
    sendReply(ctx, await inContext(context, () => answer(context, { parsed, chunks: () => chunksOf(ctx.req) })))
  }
}
