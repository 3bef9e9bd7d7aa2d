import { forget } from '@wardstone/core'
import type { HttpContext } from './context.ts'

/**
 * Asks an application's `except`. Only `true` makes an exception: a promise is no answer, and what throws has none, or a path that
 * cannot be decoded would be one.
 */
export function isExcepted(ctx: HttpContext, except: ((ctx: HttpContext) => boolean) | undefined): boolean {
  try {
    const answer: unknown = except?.(ctx)
    if (typeof answer !== 'boolean') forget(answer)
    return answer === true
  } catch {
    return false
  }
}
