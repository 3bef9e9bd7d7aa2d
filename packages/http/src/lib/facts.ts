import type { ClientFacts } from '@wardstone/core'
import { requestIdKey, type HttpContext } from './context.ts'

/** What is known of the client, as the last argument of every verb that reports. */
export function clientFacts(ctx: HttpContext): ClientFacts {
  return { ip: ctx.ip, userAgent: ctx.header('user-agent')?.slice(0, 256), requestId: ctx.state.get(requestIdKey) }
}
