import { ConfigurationError, readOptions } from '@wardstone/core'
import type { HttpContext } from './context.ts'
import type { Endpoint, Refused, Reply } from './decision.ts'
import { errorOf } from './error-of.ts'
import { readJsonRules, type JsonRules } from './json-body.ts'
import type { JsonLimits } from './parse-json.ts'
import { hasBody } from './request.ts'

/** Options of every adapter's `endpoint`. */
export interface EndpointOptions extends JsonLimits {
  /** The largest body that is read, in bytes. Default 102,400. Above the `bodyLimit` of `baseline` it has no effect. */
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

/** A body that came in, `undefined` if there is none. */
export interface ReadBody {
  readonly ok: true
  readonly body: unknown
}

/**
 * The rules that an endpoint reads its body by.
 *
 * @throws {@link ConfigurationError} `invalid_options`
 */
export function endpointRules(options: EndpointOptions | undefined): JsonRules {
  return readOptions('endpoint', options, (o) => readJsonRules(o, 'bodyLimit'))
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
  const rules = endpointRules(options)
  return async (ctx, body) => {
    const read = await readJsonBody(rules, ctx, body)
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

/** Reads a body: what is larger is refused as soon as that shows (413), what is no JSON, with 415 or 400. */
export async function readJsonBody(rules: JsonRules, ctx: HttpContext, body: IncomingBody): Promise<Refused | ReadBody> {
  // Of what is parsed already, its parser has judged the size.
  const refused = body.chunks === undefined || body.parsed !== undefined ? rules.requireJson(ctx) : rules.before(ctx)
  if (refused !== undefined) return refused
  // What comes with GET is never read; and some parsers make an empty object of no body at all.
  if (ctx.method === 'GET' || ctx.method === 'HEAD' || !(hasBody(ctx) || body.unannounced === true)) return NO_BODY
  if (body.parsed !== undefined || body.chunks === undefined) return { ok: true, body: body.parsed }
  const limit = rules.limitOf(ctx)
  const arriving = body.chunks()
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    for await (const chunk of arriving) {
      size += chunk.length
      if (size > limit) return rules.refuse(ctx, 'too_large', `${size} bytes have come`)
      chunks.push(chunk)
    }
  } catch {
    return rules.refuse(ctx, 'malformed', 'the client went away in the middle of the body')
  }
  if (rules.isNone(ctx, size)) return NO_BODY
  return rules.requireJson(ctx, true) ?? parsed(rules, ctx, chunks, size)
}

const NO_BODY: ReadBody = Object.freeze({ ok: true, body: undefined })

function parsed(rules: JsonRules, ctx: HttpContext, chunks: readonly Uint8Array[], size: number): Refused | ReadBody {
  const [first] = chunks
  try {
    return { ok: true, body: rules.parse(chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks, size)) }
  } catch (error) {
    return rules.refuse(ctx, 'malformed', error instanceof Error ? error.message : 'The text is no JSON')
  }
}
