import type { HttpContext } from './context.ts'
import { messageOf } from './node/message.ts'

/** Headers that say who asks or which site is meant: of two values, either may be the attacker's. */
export const SINGULAR: ReadonlySet<string> = new Set(['authorization', 'origin', 'host'])

/**
 * Under which a host's context tells whether a header came in more than one line, which one of {@link SINGULAR} hides.
 *
 * @internal
 */
export const REPEATS: unique symbol = Symbol.for('wardstone.http.repeats')

/** Whether a header came in more than one line. A context that is a literal cannot tell, and has one. */
export function isRepeated(ctx: HttpContext, name: Lowercase<string>): boolean {
  const host = ctx as { readonly [REPEATS]?: (name: string) => boolean }
  return host[REPEATS]?.(name) ?? false
}

/** Whether a body comes that is not empty, as far as the head tells. Many clients send a type with none. */
export function hasBody(ctx: HttpContext): boolean {
  return announcesBody(ctx) || mayBring(ctx)
}

/** Whether a header says that a body comes. */
export function announcesBody(ctx: HttpContext): boolean {
  return (ctx.header('content-length') ?? '0') !== '0' || ctx.header('transfer-encoding') !== undefined
}

/** Over HTTP/2 a body needs no header: there is one unless the stream ended with the head, and it may still be empty. */
function mayBring(ctx: HttpContext): boolean {
  const message = messageOf(ctx)
  if (message === undefined || message.httpVersionMajor < 2 || ctx.header('content-length') !== undefined) return false
  return (message as { readonly stream?: { readonly endAfterHeaders?: boolean } }).stream?.endAfterHeaders === false
}

/**
 * Under which a host's context keeps the request target as it came, with its query: no member of {@link HttpContext}, since no
 * guard decides by it. The same in every copy of this package.
 *
 * @internal
 */
export const TARGET: unique symbol = Symbol.for('wardstone.http.target')

/** Path and query as they came, for a redirect to elsewhere. A context that is a literal has no query. */
export function targetOf(ctx: HttpContext): string {
  const target = (ctx as { readonly [TARGET]?: unknown })[TARGET]
  return typeof target === 'string' ? originForm(target) : ctx.path
}

/**
 * The query of the request: for endpoints. Guards do not decide by it, and a context that is a literal has none.
 *
 * @example
 * ```ts
 * import { jsonReply, queryOf, type Endpoint } from '@wardstone/http'
 *
 * export const search: Endpoint = (ctx) => jsonReply(200, { found: [], for: queryOf(ctx).get('q')?.slice(0, 100) })
 * ```
 */
export function queryOf(ctx: HttpContext): URLSearchParams {
  const target = targetOf(ctx)
  const from = target.indexOf('?')
  return new URLSearchParams(from < 0 ? '' : target.slice(from + 1))
}

/** The path of a request target, which may be absolute (`GET http://host/path`) or no path at all (`OPTIONS *`). */
export function pathOf(target: string): string {
  const whole = originForm(target)
  const query = whole.indexOf('?')
  return query < 0 ? whole : whole.slice(0, query)
}

/** A request target without scheme and host, and without what follows `#`, which no honest client sends and every router cuts off. */
function originForm(target: string): string {
  const hash = target.indexOf('#')
  const whole = hash < 0 ? target : target.slice(0, hash)
  if (whole.startsWith('/')) return whole
  const scheme = whole.indexOf('://')
  const query = whole.indexOf('?')
  if (scheme < 0 || (query >= 0 && query < scheme)) return whole
  const from = whole.slice(scheme + 3).search(/[/?]/)
  if (from < 0) return '/'
  const rest = whole.slice(scheme + 3 + from)
  return rest.startsWith('/') ? rest : `/${rest}`
}
