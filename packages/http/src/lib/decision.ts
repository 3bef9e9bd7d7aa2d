import type { HttpContext } from './context.ts'
import type { HeaderList } from './headers.ts'
import { problem, type ProblemInput } from './problem.ts'
import type { Refused, Reply } from './reply.ts'

export type { Fault, Refused, Reply } from './reply.ts'

/** The head of a response as it is about to be sent. */
export interface HeadView {
  readonly status: number
  /** A header that is about to be sent, by its lower-case name. */
  header(name: string): string | undefined
}

/** Called once, just before the head is sent; what it returns is merged into it. */
export type HeadHook = (head: HeadView) => HeaderList | undefined

/** Called once the response is over, and not waited for; `status` is `undefined` when the client went away before it was sent. */
export type ClosedHook = (end: { readonly status: number | undefined }) => unknown

/** The request may go on. */
export interface Allowed {
  readonly ok: true
  /** Sent with whatever response comes of it, refusals of later guards and errors included. */
  readonly headers?: HeaderList | undefined
  readonly head?: HeadHook | undefined
  /** Runs for every guard that allowed, also when a later one refused or threw. */
  readonly closed?: ClosedHook | undefined
}

/** What a guard says of a request. Refusals are values; only faults are thrown. */
export type Decision = Allowed | Refused

/** Judges a request before its body is read. Synchronous when it can be. */
export type Guard = (ctx: HttpContext) => Decision | Promise<Decision>

/** Answers a request whose body is parsed: login, refresh, a key set. `body` is whatever was sent: check it. */
export type Endpoint = (ctx: HttpContext, body: unknown) => Reply | Promise<Reply>

/** Goes on without a word. One object, so that the usual case allocates nothing. */
export const ALLOW: Allowed = Object.freeze({ ok: true })

/**
 * Refuses with a problem document.
 *
 * @param why - what in the request broke which rule, for {@link explain}; the client never sees it
 *
 * @example
 * ```ts
 * import { ALLOW, deny, type Guard } from '@wardstone/http'
 *
 * export const teapot: Guard = (ctx) =>
 *   ctx.path === '/coffee' ? deny(ctx, { status: 418, code: 'teapot', title: "I'm a teapot" }) : ALLOW
 * ```
 */
export function deny(ctx: HttpContext, input: ProblemInput, why?: string): Refused {
  return { ok: false, reply: problem(ctx, input), code: input.code, why }
}
