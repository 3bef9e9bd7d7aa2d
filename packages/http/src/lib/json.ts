import type { HttpContext } from './context.ts'
import { deny, type Refused, type Reply } from './decision.ts'
import { mergeHeaders, type HeaderList } from './headers.ts'
import { hasBody } from './request.ts'

const JSON_HEADERS: HeaderList = [['content-type', 'application/json']]

/** Answers with JSON. */
export function jsonReply(status: number, body: unknown, headers: HeaderList = []): Reply {
  return { status, headers: mergeHeaders(JSON_HEADERS, headers), body: JSON.stringify(body) }
}

/**
 * Refuses a request that says its content is anything but plain JSON (415). It is asked before the body is read: a form
 * can be sent across sites without a preflight, JSON cannot; and what is compressed has no size until it is unpacked.
 * What comes with `GET` and `HEAD` is never read, so nothing is asked of it.
 *
 * @param bodied - whether there is a body; default: whether one is announced
 */
export function requireJson(ctx: HttpContext, bodied: boolean = hasBody(ctx)): Refused | undefined {
  if (ctx.method === 'GET' || ctx.method === 'HEAD') return undefined
  const encoding = ctx.header('content-encoding')
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') return refuse(ctx)
  const type = ctx.header('content-type')
  if (type === undefined) return bodied ? refuse(ctx) : undefined
  const end = type.indexOf(';')
  const essence = (end < 0 ? type : type.slice(0, end)).trim().toLowerCase()
  return essence === 'application/json' ? undefined : refuse(ctx)
}

/**
 * Parses JSON and refuses the keys with which objects are poisoned when they are copied: `__proto__`, and `constructor`
 * with a `prototype` in it. A byte order mark is skipped.
 *
 * @throws SyntaxError
 */
export function parseJson(text: string): unknown {
  const value: unknown = JSON.parse(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text)
  // Keys can be written with escapes, so only a text with neither is clean without a look.
  if (/__proto__|constructor|\\u/.test(text)) refusePoison(value)
  return value
}

function refusePoison(root: unknown): void {
  const open = [root]
  while (open.length > 0) {
    const value = open.pop()
    if (typeof value !== 'object' || value === null) continue
    if (Object.hasOwn(value, '__proto__')) throw new SyntaxError('__proto__ is not accepted as a key')
    const own: unknown = Object.hasOwn(value, 'constructor') ? value.constructor : undefined
    if (typeof own === 'object' && own !== null && Object.hasOwn(own, 'prototype')) {
      throw new SyntaxError('constructor.prototype is not accepted as a key')
    }
    for (const inner of Object.values(value)) open.push(inner)
  }
}

function refuse(ctx: HttpContext): Refused {
  return deny(ctx, {
    status: 415,
    code: 'unsupported_media_type',
    detail: 'Send application/json, not compressed.',
    headers: [['connection', 'close']],
  })
}
