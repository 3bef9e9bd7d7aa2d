import type { Principal } from '@wardstone/core'
import { principalKey } from '@wardstone/http'
import type { FastifyRequest } from 'fastify'
import { contextOf } from './context.ts'

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
