import { readOptions } from '@wardstone/core'
import { requireJson, type Endpoint } from '@wardstone/http'
import { endReply, readJson } from '@wardstone/http/node'
import type { RequestHandler } from 'express'
import { contextOf } from './context.ts'

/** Options of {@link endpoint}. */
export interface EndpointOptions {
  /** The largest body that is read, in bytes. Default 102,400. */
  readonly bodyLimit?: number | undefined
}

/**
 * A route's handler from an {@link Endpoint}: JSON or nothing comes in, a reply goes out. A body that the application has
 * parsed before is taken as it is. `express.json` is not used: it answers a body that is too large only after it has read
 * it to the end.
 *
 * @throws {@link ConfigurationError} `invalid_options`
 *
 * @example
 * ```ts
 * import { endpoint } from '@wardstone/express'
 * import { jsonReply } from '@wardstone/http'
 * import express from 'express'
 *
 * express().post('/echo', endpoint((ctx, body) => jsonReply(200, { body }), { bodyLimit: 1024 }))
 * ```
 */
export function endpoint(handler: Endpoint, options?: EndpointOptions): RequestHandler {
  const limit = readOptions('endpoint', options, (o) => o.integer('bodyLimit', { min: 1, max: 2 ** 30 }, 102_400))
  return async function wardstoneEndpoint(req, res) {
    const ctx = contextOf(req)
    const parsed: unknown = req.body
    const read =
      parsed === undefined ? await readJson(ctx, req, limit) : (requireJson(ctx) ?? { ok: true as const, body: parsed })
    endReply(res, read.ok ? await handler(ctx, read.body) : read.reply)
  }
}
