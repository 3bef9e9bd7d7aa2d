import type { IncomingMessage } from 'node:http'
import type { HttpContext } from '../context.ts'

/** Where contexts on Node keep Node's own request: the same in every copy of this package that is installed. */
export const MESSAGE: unique symbol = Symbol.for('wardstone.http.message')

/** Node's own request, whatever framework stands on it; `undefined` where there is none, as over `Request`. */
export function messageOf(ctx: HttpContext): IncomingMessage | undefined {
  return (ctx as { readonly [MESSAGE]?: IncomingMessage })[MESSAGE]
}
