import { compressible, readCompression, variesByEncoding, type CompressionOptions } from '@wardstone/http'
import { addHeaders, headView } from '@wardstone/http/node'
import type { FastifyPluginCallback } from 'fastify'
import { contextOf } from './context.ts'
import { plugin } from './plugin.ts'
import { targetOf } from './reply.ts'

/**
 * Compresses responses by the plugin `@fastify/compress`, which stays the application's own, wherever {@link compressible} allows
 * it. A plugin for the instance on which it is registered, before its routes. Requests are not unpacked, which that plugin
 * would do by itself: a kilobyte that came becomes a megabyte before anybody measures it.
 *
 * @throws {@link ConfigurationError} `invalid_options`
 *
 * @example
 * ```ts
 * import compress from '@fastify/compress'
 * import { baseline, compression, problems } from '@wardstone/fastify'
 * import { fastify } from 'fastify'
 *
 * const app = fastify()
 * app.register(baseline()).register(problems()).register(compression(compress))
 * app.register(async (routes) => {
 *   routes.get('/', async () => 'hello '.repeat(1000))
 * })
 * ```
 */
export function compression(compress: FastifyPluginCallback<never>, options?: CompressionOptions): FastifyPluginCallback {
  const { minBytes, level } = readCompression(options)
  const settings = {
    globalCompression: true,
    globalDecompression: false,
    threshold: minBytes,
    zlibOptions: { level },
    customTypes: () => true, // which has been decided
  }
  return plugin('@wardstone/fastify/compression', (instance) => {
    // Runs before the hooks of a route, of which theirs is one.
    instance.addHook('onSend', function wardstoneCompression(request, reply, payload, done) {
      const target = targetOf(reply)
      const head = headView(reply.statusCode, target)
      if (variesByEncoding(head)) addHeaders(target, [['vary', 'accept-encoding']])
      if (compressible(contextOf(request), head)) {
        // Stated by a whole reply, on the raw response, where the first versions of Fastify 5 do not remove it for the plugin.
        reply.raw.removeHeader('content-length')
      } else {
        // All that it listens to, response by response.
        request.headers = { 'accept-encoding': 'identity' }
      }
      done(null, payload)
    })
    instance.register(compress as FastifyPluginCallback<typeof settings>, settings)
  })
}
