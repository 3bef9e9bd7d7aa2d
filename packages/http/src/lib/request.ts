import type { HttpContext } from './context.ts'

/** Headers that say who asks or which site is meant: of two values, either may be the attacker's. */
export const SINGULAR: ReadonlySet<string> = new Set(['authorization', 'origin', 'host'])

/** Whether a body is announced that is not empty. Many clients send a type with none. */
export function hasBody(ctx: HttpContext): boolean {
  return (ctx.header('content-length') ?? '0') !== '0' || ctx.header('transfer-encoding') !== undefined
}

/** The path of a request target, which may be absolute (`GET http://host/path`) or no path at all (`OPTIONS *`). */
export function pathOf(target: string): string {
  // Also at `#`, which no honest client sends and every router cuts off.
  const end = target.search(/[?#]/)
  const whole = end < 0 ? target : target.slice(0, end)
  if (whole.startsWith('/')) return whole
  const scheme = whole.indexOf('://')
  if (scheme < 0) return whole
  const slash = whole.indexOf('/', scheme + 3)
  return slash < 0 ? '/' : whole.slice(slash)
}
