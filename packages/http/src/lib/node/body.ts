import type { IncomingMessage } from 'node:http'
import type { HttpContext } from '../context.ts'
import type { Refused } from '../decision.ts'
import { hasBody, parseJson, requireJson } from '../json.ts'
import { faultProblem } from '../problem.ts'

/**
 * Reads a JSON body of at most `limit` bytes: what is larger is refused as soon as that shows (413), what is no JSON, with
 * 415 or 400. For hosts that read no bodies, or read a refused one to its end before they answer.
 *
 * @param limit - bytes
 */
export async function readJson(
  ctx: HttpContext,
  message: IncomingMessage,
  limit: number,
): Promise<Refused | { readonly ok: true; readonly body: unknown }> {
  const refused = requireJson(ctx)
  if (refused !== undefined) return refused
  if (ctx.method === 'GET' || ctx.method === 'HEAD' || !hasBody(ctx)) return { ok: true, body: undefined }
  if (Number(ctx.header('content-length') ?? 0) > limit) return refusal(ctx, 413)
  try {
    const chunks: Buffer[] = []
    let size = 0
    // Leaving the loop must not destroy the request: the socket goes with it, and the answer too.
    for await (const chunk of message.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      size += chunk.length
      if (size > limit) return refusal(ctx, 413)
      chunks.push(chunk)
    }
    return { ok: true, body: parseJson(Buffer.concat(chunks, size).toString()) }
  } catch {
    return refusal(ctx, 400) // no JSON, or the client went away in the middle of it
  }
}

function refusal(ctx: HttpContext, statusCode: 400 | 413): Refused {
  const code = statusCode === 413 ? 'body_too_large' : 'malformed_request'
  return { ok: false, reply: faultProblem(ctx, { statusCode }), code }
}
