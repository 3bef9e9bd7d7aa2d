import type { HttpContext } from './context.ts'
import { deny, type Decision, type Guard, type HeadHook } from './decision.ts'
import { mergeHeaders, type HeaderList } from './headers.ts'
import type { Refused } from './reply.ts'

/** Header lines that a part adds to. */
export type HeaderLines = Array<HeaderList[number]>

/**
 * One concern of `baseline`: it adds headers of its own, which no other part sets, and refuses or says nothing. Synchronous,
 * and cheaper than a guard: nothing is merged.
 */
export interface Part {
  apply(ctx: HttpContext, headers: HeaderLines): Refused | undefined
  /** For what is only known when the head is sent. Costs every response that has it. */
  head?(ctx: HttpContext): HeadHook
}

/** Several parts as one guard, in order. A refusal keeps the headers of the parts before it, and so does a fault. */
export function guardOf(...parts: readonly Part[]): Guard {
  const withHead = parts.filter((part) => part.head !== undefined)
  return function baselineGuard(ctx): Decision {
    const headers: HeaderLines = []
    try {
      for (const part of parts) {
        const refused = part.apply(ctx, headers)
        if (refused !== undefined) return withHeaders(refused, headers)
      }
    } catch (error) {
      // Some callback of the application's. The page that says so needs its policy as much as any other.
      return { ...withHeaders(deny(ctx, { status: 500, code: 'internal_error' }), headers), fault: { error, headers } }
    }
    const [only] = withHead
    if (only === undefined) return { ok: true, headers }
    if (withHead.length === 1) return { ok: true, headers, head: only.head?.(ctx) }
    const heads = withHead.flatMap((part) => part.head?.(ctx) ?? [])
    return { ok: true, headers, head: (view) => heads.flatMap((hook) => hook(view) ?? []) }
  }
}

function withHeaders(refused: Refused, headers: HeaderLines): Refused {
  return { ...refused, reply: { ...refused.reply, headers: mergeHeaders(headers, refused.reply.headers ?? []) } }
}
