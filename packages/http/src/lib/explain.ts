import type { HttpContext } from './context.ts'
import type { Refused } from './reply.ts'
import { sharedStateKey, type StateKey } from './state.ts'

/** The refusal that ended the request. */
export const refusedByKey: StateKey<Refused | undefined> = sharedStateKey('refused by')

/** Which rule refused a request, and why. */
export interface Explanation {
  /** The rule, by the code that the problem document carries. */
  readonly code: string | undefined
  readonly status: number
  /** What in the request broke the rule, and what to change if it was right. Holds parts of the request: for logs, not for clients. */
  readonly why: string | undefined
}

/**
 * Names the rule that refused a request, for a log or a developer; `undefined` when no guard did.
 *
 * @example
 * ```ts
 * import { explain, type Guard } from '@wardstone/http'
 *
 * export const logRefusals: Guard = (ctx) => ({
 *   ok: true,
 *   closed: () => {
 *     const refused = explain(ctx)
 *     if (refused !== undefined) console.log(ctx.method, ctx.path, refused.code, refused.why)
 *   },
 * })
 * ```
 */
export function explain(ctx: HttpContext): Explanation | undefined {
  const refused = ctx.state.get(refusedByKey)
  return refused && { code: refused.code, status: refused.reply.status, why: refused.why }
}
