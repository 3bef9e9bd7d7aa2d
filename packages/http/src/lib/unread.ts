import type { HttpContext } from './context.ts'
import type { HeaderList } from './headers.ts'
import { messageOf } from './node/message.ts'

/** Less than this, in bytes, is read sooner than a connection is made anew. */
const WORTH_READING = 65_536

const CLOSING: HeaderList = [['connection', 'close']]
const NOTHING: HeaderList = []

/**
 * Says that the connection ends with the answer, since the body was not read: Node would read all that comes of it, from whoever
 * was just refused. HTTP/2 ends the stream instead, and has no such header.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9112#section-9.6 | RFC 9112 section 9.6}
 */
export function closing(ctx: HttpContext): HeaderList {
  return (messageOf(ctx)?.httpVersionMajor ?? 1) < 2 ? CLOSING : NOTHING
}

/** Whether much of a body may be on its way, or nobody knows how much. */
export function leavesBody(ctx: HttpContext): boolean {
  const length = ctx.header('content-length')
  if (length === undefined) return ctx.header('transfer-encoding') !== undefined
  return !(Number(length) <= WORTH_READING) // what is no number, too
}
