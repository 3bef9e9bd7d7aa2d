import type { IncomingMessage, ServerResponse } from 'node:http'
import { compressible, readCompression, variesByEncoding, type CompressionOptions } from '@wardstone/http'
import { addHeaders, contextOf, headersOf, headView, type NodeHandler } from '@wardstone/http/node'

/** The package `compression`, as far as it is used here. */
type Compress = (options: {
  readonly threshold: number
  readonly level: number
  readonly filter: (request: IncomingMessage, response: ServerResponse) => boolean
}) => (request: never, response: never, next: never) => unknown

/**
 * Compresses responses by the package `compression`, which stays the application's own, wherever {@link compressible} allows it. Goes
 * behind {@link baseline}, before the routes.
 *
 * @throws {@link ConfigurationError} `invalid_options`
 *
 * @example
 * ```ts
 * import { baseline, compression, problems } from '@wardstone/express'
 * import compress from 'compression'
 * import express from 'express'
 *
 * const app = express()
 * app.use(baseline(), compression(compress))
 * app.get('/', (req, res) => void res.send('hello '.repeat(1000)))
 * app.use(problems())
 * ```
 */
export function compression(compress: Compress, options?: CompressionOptions): NodeHandler {
  const { minBytes, level } = readCompression(options)
  const filter = (request: IncomingMessage, response: ServerResponse): boolean => {
    const head = headView(response.statusCode, headersOf(response))
    if (!variesByEncoding(head)) return false
    // The package says so only of responses that are to be compressed.
    addHeaders(headersOf(response), [['vary', 'Accept-Encoding']])
    return compressible(contextOf(request), head)
  }
  return compress({ threshold: minBytes, level, filter }) as NodeHandler
}
