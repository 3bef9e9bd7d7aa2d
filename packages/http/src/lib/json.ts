import type { HttpContext } from './context.ts'
import { deny, type Refused, type Reply } from './decision.ts'
import { mergeHeaders, type HeaderList } from './headers.ts'

const JSON_HEADERS: HeaderList = [['content-type', 'application/json']]

/** Answers with JSON. */
export function jsonReply(status: number, body: unknown, headers: HeaderList = []): Reply {
  return { status, headers: mergeHeaders(JSON_HEADERS, headers), body: JSON.stringify(body) }
}

/**
 * Refuses a request that says its content is anything but JSON (415). It is asked before the body is read: a form can be
 * sent across sites without a preflight, JSON cannot.
 */
export function requireJson(ctx: HttpContext): Refused | undefined {
  const type = ctx.header('content-type')
  if (type === undefined) {
    const empty = (ctx.header('content-length') ?? '0') === '0' && ctx.header('transfer-encoding') === undefined
    return empty ? undefined : refuse(ctx)
  }
  const end = type.indexOf(';')
  const essence = (end < 0 ? type : type.slice(0, end)).trim().toLowerCase()
  return essence === 'application/json' ? undefined : refuse(ctx)
}

function refuse(ctx: HttpContext): Refused {
  return deny(ctx, {
    status: 415,
    code: 'unsupported_media_type',
    detail: 'Send application/json.',
    headers: [['connection', 'close']],
  })
}
