import type { HttpContext } from '@wardstone/http'
import { NodeContext } from '@wardstone/http/node'
import type { Request } from 'express'

const CONTEXT = Symbol('wardstone.context')

class ExpressContext extends NodeContext<Request> {
  constructor(request: Request) {
    super(request, request)
  }

  /** Express tells the pattern of the route, but only the text that matched where its router is mounted. */
  get route(): string | undefined {
    const pattern: unknown = (this.raw.route as { readonly path?: unknown } | undefined)?.path
    return typeof pattern === 'string' ? this.raw.baseUrl + pattern : undefined
  }

  param(name: string): string | undefined {
    const value: unknown = this.raw.params[name]
    if (typeof value === 'string') return value
    return Array.isArray(value) ? value.join('/') : undefined // a wildcard's segments
  }
}

/**
 * The {@link HttpContext} of a request: one and the same for everything that asks.
 *
 * @example
 * ```ts
 * import { contextOf } from '@wardstone/express'
 * import { clientFacts } from '@wardstone/http'
 * import type { Request } from 'express'
 *
 * export const client = (req: Request) => clientFacts(contextOf(req))
 * ```
 */
export function contextOf(request: Request): HttpContext<Request> {
  const carrier = request as Request & { [CONTEXT]?: HttpContext<Request> }
  return (carrier[CONTEXT] ??= new ExpressContext(request))
}
