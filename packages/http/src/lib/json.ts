import type { HttpContext } from './context.ts'
import { deny, type Refused, type Reply } from './decision.ts'
import { mergeHeaders, type HeaderList } from './headers.ts'
import { announcesBody } from './request.ts'
import { quoted } from './site.ts'
import { closing } from './unread.ts'

const JSON_HEADERS: HeaderList = [['content-type', 'application/json']]

/** Answers with JSON. */
export function jsonReply(status: number, body: unknown, headers: HeaderList = []): Reply {
  return { status, headers: mergeHeaders(JSON_HEADERS, headers), body: JSON.stringify(body) }
}

/**
 * Refuses a request that says its content is anything but plain JSON in UTF-8 (415). It is asked before the body is read: a
 * form can be sent across sites without a preflight, JSON cannot; and what is compressed has no size until it is unpacked.
 * What comes with `GET` and `HEAD` is never read, so nothing is asked of it.
 *
 * @param bodied - whether there is a body; default: whether one is announced
 * @see {@link https://www.rfc-editor.org/rfc/rfc8259#section-8.1 | RFC 8259 section 8.1}
 */
export function requireJson(ctx: HttpContext, bodied: boolean = announcesBody(ctx)): Refused | undefined {
  if (ctx.method === 'GET' || ctx.method === 'HEAD') return undefined
  const encoding = ctx.header('content-encoding')
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    return refuse(ctx, NOT_JSON, `content-encoding is ${quoted(encoding)}: compressed bodies are not unpacked`)
  }
  const type = ctx.header('content-type')
  if (type === 'application/json') return undefined
  if (type === undefined) return bodied ? refuse(ctx, NOT_JSON, 'there is a body without a content-type') : undefined
  const [essence = '', ...parameters] = type.toLowerCase().split(';')
  if (essence.trim() !== 'application/json') return refuse(ctx, NOT_JSON, `content-type is ${quoted(type)}`)
  if (parameters.every(leavesUtf8)) return undefined
  return refuse(ctx, 'Send application/json in UTF-8.', `content-type is ${quoted(type)}: JSON is UTF-8`)
}

const NOT_JSON = 'Send application/json, not compressed.'

function leavesUtf8(parameter: string): boolean {
  const [name = '', value = ''] = parameter.split('=', 2)
  return name.trim() !== 'charset' || /^"?utf-8"?$/.test(value.trim())
}

function refuse(ctx: HttpContext, detail: string, why: string): Refused {
  return deny(ctx, { status: 415, code: 'unsupported_media_type', detail, headers: closing(ctx) }, why)
}
