import { ConfigurationError, isThenable } from '@wardstone/core'
import type { HttpContext } from './context.ts'
import { boundTo } from './context-storage.ts'
import type { Allowed, ClosedHook, Decision, Guard, HeadHook, Refused } from './decision.ts'
import { errorOf } from './error-of.ts'
import { refusedByKey } from './explain.ts'
import { mergeHeaders, type HeaderList } from './headers.ts'
import { closing, leavesBody } from './unread.ts'

/**
 * What came of several guards: everything the adapter has to put on the response, and how the request goes on. A refusal
 * and a fault keep what the guards before them asked for.
 */
export interface Outcome {
  readonly headers: HeaderList
  readonly heads: readonly HeadHook[]
  readonly closed: readonly ClosedHook[]
  readonly refused: Refused | undefined
  /** A guard threw. Always an error: a host takes `undefined` for success and the text `route` for a command. */
  readonly fault: Error | undefined
}

const PASSED: Outcome = Object.freeze({ headers: [], heads: [], closed: [], refused: undefined, fault: undefined })

/**
 * Composes guards: in order, the first refusal wins, synchronous as long as they are. What it makes never throws or rejects.
 *
 * @throws {@link ConfigurationError} `invalid_options` without a guard, or with one that is no function
 *
 * @example
 * ```ts
 * import { ALLOW, runner } from '@wardstone/http'
 *
 * export const run = runner([() => ALLOW, () => ({ ok: true, headers: [['x-checked', 'yes']] })])
 * ```
 */
export function runner(guards: readonly Guard[]): (ctx: HttpContext) => Outcome | Promise<Outcome> {
  if (guards.length === 0 || guards.some((guard) => typeof guard !== 'function')) {
    throw new ConfigurationError('guard', [
      { option: 'guards', expected: 'expected one function or more: a route that is guarded by none is open' },
    ])
  }
  return (ctx) => walk(guards, 0, ctx, PASSED)
}

function walk(guards: readonly Guard[], from: number, ctx: HttpContext, before: Outcome): Outcome | Promise<Outcome> {
  let outcome = before
  for (let i = from; i < guards.length; i++) {
    try {
      const decision: unknown = (guards[i] as Guard)(ctx)
      if (isThenable(decision)) return later(decision, guards, i + 1, ctx, outcome)
      const decided = checked(decision as Decision)
      if (!decided.ok) return refuse(ctx, outcome, decided)
      outcome = admit(ctx, outcome, decided)
    } catch (error) {
      return { ...outcome, fault: errorOf('guard', error) }
    }
  }
  return outcome
}

async function later(
  pending: PromiseLike<unknown>,
  guards: readonly Guard[],
  next: number,
  ctx: HttpContext,
  outcome: Outcome,
): Promise<Outcome> {
  try {
    const decision = checked((await pending) as Decision)
    if (!decision.ok) return refuse(ctx, outcome, decision)
    return await walk(guards, next, ctx, admit(ctx, outcome, decision))
  } catch (error) {
    return { ...outcome, fault: errorOf('guard', error) }
  }
}

function refuse(ctx: HttpContext, outcome: Outcome, refused: Refused): Outcome {
  const { fault, reply } = refused
  if (fault !== undefined) {
    return { ...outcome, headers: mergeHeaders(outcome.headers, fault.headers), fault: errorOf('guard', fault.error) }
  }
  // A preflight that is granted and a redirect end the request too, and refuse nothing.
  if (reply.status >= 400) ctx.state.set(refusedByKey, refused)
  if (!leavesBody(ctx)) return { ...outcome, refused }
  const headers = mergeHeaders(reply.headers ?? [], closing(ctx))
  return { ...outcome, refused: { ...refused, reply: { ...reply, headers } } }
}

/** A guard that forgot to return must not pass, and its error should say so. */
function checked(decision: Decision): Decision {
  const { ok, reply } = ((decision as unknown) ?? {}) as { readonly ok?: unknown; readonly reply?: unknown }
  if (ok === true || (ok === false && typeof reply === 'object' && reply !== null)) return decision
  throw new TypeError('The guard returned no decision')
}

function admit(ctx: HttpContext, outcome: Outcome, { headers, head, closed }: Allowed): Outcome {
  if (headers === undefined && head === undefined && closed === undefined) return outcome
  return {
    headers: headers === undefined ? outcome.headers : mergeHeaders(outcome.headers, headers),
    heads: head === undefined ? outcome.heads : [...outcome.heads, boundTo(ctx, head)],
    closed: closed === undefined ? outcome.closed : [...outcome.closed, boundTo(ctx, closed)],
    refused: undefined,
    fault: undefined,
  }
}
