import { ConfigurationError, readOptions } from '@wardstone/core'
import type { HttpContext } from './context.ts'
import type { Endpoint, Refused, Reply } from './decision.ts'
import { errorOf } from './error-of.ts'
import { parseJson, requireJson } from './json.ts'
import { faultProblem } from './problem.ts'
import { hasBody } from './request.ts'

/** Options of every adapter's `endpoint`. */
export interface EndpointOptions {
  /** The largest body that is read, in bytes. Default 102,400. */
  readonly bodyLimit?: number | undefined
}

/** A request's body as a host has it. */
export interface IncomingBody {
  /** What the application has made of it already; `undefined` if nobody has read it. */
  readonly parsed: unknown
  /** Its bytes, asked for once, and only if they are to be read. A host that parses by itself has none. */
  readonly chunks?: (() => AsyncIterable<Uint8Array>) | undefined
  /** Whether there may be a body although no header announces it, as with a `Request` that nobody sent over HTTP/1. */
  readonly unannounced?: boolean | undefined
}

/**
 * The largest body that an endpoint reads, in bytes.
 *
 * @throws {@link ConfigurationError} `invalid_options`
 */
export function bodyLimitOf(options: EndpointOptions | undefined): number {
  return readOptions('endpoint', options, (o) => o.integer('bodyLimit', { min: 1, max: 2 ** 30 }, 102_400))
}

/**
 * Runs an {@link Endpoint} for a host that leaves bodies unread, or reads a refused one to its end before it answers:
 * JSON or nothing comes in. A body that the application has parsed before is taken as it is. What it rejects with is always
 * an error.
 *
 * @throws {@link ConfigurationError} `invalid_options`
 */
export function endpointRunner(
  handler: Endpoint,
  options: EndpointOptions | undefined,
): (ctx: HttpContext, body: IncomingBody) => Promise<Reply> {
  if (typeof handler !== 'function') {
    throw new ConfigurationError('endpoint', [{ option: 'handler', expected: 'expected a function' }])
  }
  const limit = bodyLimitOf(options)
  return async (ctx, body) => {
    const read = await readJson(ctx, body, limit)
    if (!read.ok) return read.reply
    try {
      const reply = await handler(ctx, read.body)
      if (typeof (reply as Reply | undefined)?.status !== 'number') throw new TypeError('The endpoint returned no reply')
      return reply
    } catch (error) {
      throw errorOf('endpoint', error)
    }
  }
}

/** What is larger is refused as soon as that shows (413), what is no JSON, with 415 or 400. */
async function readJson(
  ctx: HttpContext,
  body: IncomingBody,
  limit: number,
): Promise<Refused | { readonly ok: true; readonly body: unknown }> {
  const refused = requireJson(ctx)
  if (refused !== undefined) return refused
  const announced = hasBody(ctx)
  // What comes with GET is never read; and some parsers make an empty object of no body at all.
  if (ctx.method === 'GET' || ctx.method === 'HEAD' || !(announced || body.unannounced === true)) return NO_BODY
  if (body.parsed !== undefined || body.chunks === undefined) return { ok: true, body: body.parsed }
  if (Number(ctx.header('content-length') ?? 0) > limit) return refusal(ctx, 413)
  const arriving = body.chunks()
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    for await (const chunk of arriving) {
      size += chunk.length
      if (size > limit) return refusal(ctx, 413)
      chunks.push(chunk)
    }
    if (size === 0 && !announced) return NO_BODY
    return requireJson(ctx, true) ?? { ok: true, body: parseJson(Buffer.concat(chunks, size).toString()) }
  } catch {
    return refusal(ctx, 400) // no JSON, or the client went away in the middle of it
  }
}

const NO_BODY = Object.freeze({ ok: true, body: undefined })

function refusal(ctx: HttpContext, statusCode: 400 | 413): Refused {
  const code = statusCode === 413 ? 'body_too_large' : 'malformed_request'
  return { ok: false, reply: faultProblem(ctx, { statusCode, expose: true }), code }
}
