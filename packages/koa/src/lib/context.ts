import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Principal } from '@wardstone/core'
import { cspNonce as nonceOf, principalKey, type HttpContext } from '@wardstone/http'
import { NodeContext } from '@wardstone/http/node'

/** What is used of Koa's context: any `ctx`, however its state and its router are typed, is one. */
export interface KoaContext {
  readonly req: IncomingMessage
  readonly res: ServerResponse
  readonly originalUrl: string
  readonly app: { readonly proxy: boolean; emit(event: string, ...args: unknown[]): boolean }
  readonly request: object
  status: number
  body: unknown
  respond?: boolean | undefined
}

/** A middleware of Koa. */
export type KoaMiddleware = (ctx: KoaContext, next: () => Promise<unknown>) => Promise<void>

/** Left on the context by `@koa/router`. */
interface Routed {
  readonly params?: Readonly<Record<string, unknown>> | undefined
  readonly _matchedRoute?: unknown
}

/** The same in every copy of this package that is installed: what one finds out of a request, the others must know. */
const CONTEXT: unique symbol = Symbol.for('wardstone.http.koa-context')

class KoaHttpContext<C extends KoaContext> extends NodeContext<C> {
  constructor(ctx: C) {
    super(ctx.req, ctx, ctx.originalUrl)
  }

  get route(): string | undefined {
    const pattern = (this.raw as Routed)._matchedRoute
    return typeof pattern === 'string' ? pattern : undefined
  }

  param(name: string): string | undefined {
    const { params } = this.raw as Routed
    const value = params !== undefined && Object.hasOwn(params, name) ? params[name] : undefined
    return typeof value === 'string' ? value : undefined
  }
}

/**
 * The {@link HttpContext} of a request: one and the same for everything that asks.
 *
 * @example
 * ```ts
 * import { clientFacts } from '@wardstone/http'
 * import { contextOf } from '@wardstone/koa'
 * import type { Context } from 'koa'
 *
 * export const client = (ctx: Context) => clientFacts(contextOf(ctx))
 * ```
 */
export function contextOf<C extends KoaContext>(ctx: C): HttpContext<C> {
  const carrier = ctx as C & { [CONTEXT]?: HttpContext<C> }
  return (carrier[CONTEXT] ??= new KoaHttpContext(ctx))
}

/**
 * Who the request speaks for, or `undefined` when no guard has found out.
 *
 * @typeParam C - the application's own claims, as the guard's verifier is typed
 *
 * @example
 * ```ts
 * import { principal } from '@wardstone/koa'
 * import type { Context } from 'koa'
 *
 * export const accountId = (ctx: Context): string | undefined => principal(ctx)?.id
 * ```
 */
export function principal<C = unknown>(ctx: KoaContext): Principal<C> | undefined {
  return contextOf(ctx).state.get(principalKey) as Principal<C> | undefined
}

/**
 * The nonce of the response, for the inline scripts and styles of its page. Made when it is first asked for; see `cspNonce`
 * of `@wardstone/http`.
 *
 * @throws {@link InvalidArgumentError} `invalid_argument` without a policy for pages
 *
 * @example
 * ```ts
 * import { cspNonce } from '@wardstone/koa'
 * import type { Context } from 'koa'
 *
 * export const script = (ctx: Context) => `<script nonce="${cspNonce(ctx)}">start()</script>`
 * ```
 */
export function cspNonce(ctx: KoaContext): string {
  return nonceOf(contextOf(ctx))
}
