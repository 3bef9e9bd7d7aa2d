import type { Principal } from '@wardstone/core'
import { principalKey } from '@wardstone/http'
import type { Request } from 'express'
import { contextOf } from './context.ts'

/**
 * Who the request speaks for, or `undefined` when no guard has found out.
 *
 * @typeParam C - the application's own claims, as the guard's verifier is typed
 *
 * @example
 * ```ts
 * import { principal } from '@wardstone/express'
 * import type { Request } from 'express'
 *
 * export const accountId = (req: Request): string | undefined => principal(req)?.id
 * ```
 */
export function principal<C = unknown>(request: Request): Principal<C> | undefined {
  return contextOf(request).state.get(principalKey) as Principal<C> | undefined
}
