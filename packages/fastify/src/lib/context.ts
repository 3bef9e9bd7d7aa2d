import type { Principal } from '@wardstone/core'
import { cspNonce as nonceOf, principalKey, type HttpContext } from '@wardstone/http'
import { NodeContext } from '@wardstone/http/node'
import type { FastifyRequest } from 'fastify'

/** The same in every copy of this package that is installed: what one finds out of a request, the others must know. */
const CONTEXT: unique symbol = Symbol.for('wardstone.http.fastify-context')

class FastifyContext extends NodeContext<FastifyRequest> {
  constructor(request: FastifyRequest) {
    super(request.raw, request)
  }

  get route(): string | undefined {
    return this.raw.routeOptions.url
  }

  param(name: string): string | undefined {
    const value = (this.raw.params as Readonly<Record<string, unknown>> | null | undefined)?.[name]
    return typeof value === 'string' ? value : undefined
  }
}

/**
 * The {@link HttpContext} of a request: one and the same for everything that asks.
 *
 * @example
 * ```ts
 * import { contextOf } from '@wardstone/fastify'
 * import { clientFacts } from '@wardstone/http'
 * import type { FastifyRequest } from 'fastify'
 *
 * export const client = (request: FastifyRequest) => clientFacts(contextOf(request))
 * ```
 */
export function contextOf(request: FastifyRequest): HttpContext<FastifyRequest> {
  const carrier = request as FastifyRequest & { [CONTEXT]?: HttpContext<FastifyRequest> }
  return (carrier[CONTEXT] ??= new FastifyContext(request))
}

/**
 * Who the request speaks for, or `undefined` when no guard has found out.
 *
 * @typeParam C - the application's own claims, as the guard's verifier is typed
 *
 * @example
 * ```ts
 * import { principal } from '@wardstone/fastify'
 * import type { FastifyRequest } from 'fastify'
 *
 * export const accountId = (request: FastifyRequest): string | undefined => principal(request)?.id
 * ```
 */
export function principal<C = unknown>(request: FastifyRequest): Principal<C> | undefined {
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
 * import { cspNonce } from '@wardstone/fastify'
 * import type { FastifyRequest } from 'fastify'
 *
 * export const script = (request: FastifyRequest) => `<script nonce="${cspNonce(request)}">start()</script>`
 * ```
 */
export function cspNonce(request: FastifyRequest): string {
  return nonceOf(contextOf(request))
}
