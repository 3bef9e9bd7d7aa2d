import { compressible, readCompression, variesByEncoding, type CompressionOptions } from '@wardstone/http'
import { addHeaders, headersOf, headView } from '@wardstone/http/node'
import { contextOf, type KoaContext, type KoaMiddleware } from './context.ts'

/** The package `koa-compress`, as far as it is used here. */
type Compress = (options: {
  readonly threshold: number
  readonly gzip: { readonly level: number }
  readonly deflate: { readonly level: number }
  readonly filter: (type: string) => boolean
}) => (ctx: never, next: () => Promise<unknown>) => unknown

/**
 * Compresses responses by the package `koa-compress`, which stays the application's own, wherever {@link compressible} allows it.
 * Goes behind {@link baseline} and {@link problems}, before the routes.
 *
 * @throws {@link ConfigurationError} `invalid_options`
 *
 * @example
 * ```ts
 * import { baseline, compression, problems } from '@wardstone/koa'
 * import Koa from 'koa'
 * import compress from 'koa-compress'
 *
 * const app = new Koa()
 * app.use(baseline()).use(problems()).use(compression(compress))
 * app.use((ctx) => void (ctx.body = 'hello '.repeat(1000)))
 * ```
 */
export function compression(compress: Compress, options?: CompressionOptions): KoaMiddleware {
  const { minBytes, level } = readCompression(options)
  const outer = compress({ threshold: minBytes, gzip: { level }, deflate: { level }, filter: () => true }) as KoaMiddleware
  return function wardstoneCompression(ctx, next) {
    return outer(ctx, async () => {
      await next()
      // Also where a handler has asked for it: it may not know what else is in the response.
      const target = headersOf(ctx.res)
      const head = headView(ctx.status, target)
      // The package has said so before, and a handler that sets its own has replaced it.
      if (variesByEncoding(head)) addHeaders(target, [['vary', 'Accept-Encoding']])
      if (!compressible(contextOf(ctx), head)) (ctx as Compressing).compress = false
    })
  }
}

/** How the package is told by the context. */
interface Compressing extends KoaContext {
  compress?: unknown
}
