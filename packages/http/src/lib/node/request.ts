import type { IncomingMessage } from 'node:http'
import type { Principal } from '@wardstone/core'
import { principalKey, type HttpContext } from '../context.ts'
import { cspNonce as nonceOf } from '../secure-headers/nonce.ts'
import { NodeContext } from './context.ts'

/**
 * What routers in the manner of Connect add to a request. In no public signature, or Express's types would infer its
 * parameters from here.
 */
interface Routed {
  /** Where the matched router is mounted. */
  readonly baseUrl?: string | undefined
  /** The matched route by its pattern, which may be a regular expression. */
  readonly route?: { readonly path?: unknown } | undefined
  /** Its parameters by name. */
  readonly params?: Readonly<Record<string, unknown>> | null | undefined
}

/** The same in every copy of this package that is installed: what one finds out of a request, the others must know. */
const CONTEXT: unique symbol = Symbol.for('wardstone.http.context')

class RequestContext<R extends IncomingMessage> extends NodeContext<R> {
  constructor(request: R) {
    super(request, request)
  }

  /** A router tells the pattern of its route, but only the text that matched where it is mounted itself. */
  get route(): string | undefined {
    const { route, baseUrl = '' } = this.raw as Routed
    return typeof route?.path === 'string' ? baseUrl + route.path : undefined
  }

  param(name: string): string | undefined {
    const { params } = this.raw as Routed
    const value = params != null && Object.hasOwn(params, name) ? params[name] : undefined
    if (typeof value === 'string') return value
    return Array.isArray(value) ? value.join('/') : undefined // a wildcard's segments
  }
}

/**
 * The {@link HttpContext} of a request: one and the same for everything that asks.
 *
 * @example
 * ```ts
 * import type { IncomingMessage } from 'node:http'
 * import { clientFacts } from '@wardstone/http'
 * import { contextOf } from '@wardstone/http/node'
 *
 * export const client = (request: IncomingMessage) => clientFacts(contextOf(request))
 * ```
 */
export function contextOf<R extends IncomingMessage>(request: R): HttpContext<R> {
  const carrier = request as R & { [CONTEXT]?: HttpContext<R> }
  return (carrier[CONTEXT] ??= new RequestContext(request))
}

/**
 * Who the request speaks for, or `undefined` when no guard has found out.
 *
 * @typeParam C - the application's own claims, as the guard's verifier is typed
 *
 * @example
 * ```ts
 * import type { IncomingMessage } from 'node:http'
 * import { principal } from '@wardstone/http/node'
 *
 * export const accountId = (request: IncomingMessage): string | undefined => principal(request)?.id
 * ```
 */
export function principal<C = unknown>(request: IncomingMessage): Principal<C> | undefined {
  return contextOf(request).state.get(principalKey) as Principal<C> | undefined
}

/**
 * The nonce of the response, for the inline scripts and styles of its page. Made when it is first asked for; see `cspNonce`
 * of `@wardstone/http`.
 *
 * @throws {@link InvalidArgumentError} `invalid_argument` without a policy for pages
 *
 * @example
 * ```ts
 * import type { IncomingMessage } from 'node:http'
 * import { cspNonce } from '@wardstone/http/node'
 *
 * export const script = (request: IncomingMessage) => `<script nonce="${cspNonce(request)}">start()</script>`
 * ```
 */
export function cspNonce(request: IncomingMessage): string {
  return nonceOf(contextOf(request))
}
