import { inContext, runner, type Guard } from '@wardstone/http'
import { applyOutcome } from '@wardstone/http/node'
import { contextOf, type KoaContext, type KoaMiddleware } from './context.ts'
import { sendReply } from './reply.ts'

/**
 * Lets a request pass only if all guards do; the first refusal is the answer. Goes on a route, before its handlers.
 *
 * @throws {@link ConfigurationError} `invalid_options` without a guard, or with one that is no function
 *
 * @example
 * ```ts
 * import Router from '@koa/router'
 * import { ALLOW, deny, principalKey } from '@wardstone/http'
 * import { guard } from '@wardstone/koa'
 *
 * const someone = guard((ctx) => (ctx.state.get(principalKey) ? ALLOW : deny(ctx, { status: 401, code: 'token_missing' })))
 * new Router().get('/me', someone, (ctx) => void (ctx.body = {}))
 * ```
 */
export function guard(...guards: readonly Guard[]): KoaMiddleware {
  return guarding(guards, (_ctx, fault) => {
    throw fault
  })
}

/** The same, with an answer of one's own to a guard that throws. */
export function guarding(guards: readonly Guard[], failed: (ctx: KoaContext, fault: Error) => void): KoaMiddleware {
  const run = runner(guards)
  return async function wardstoneGuard(ctx, next) {
    const context = contextOf(ctx)
    const running = inContext(context, () => run(context))
    const outcome = running instanceof Promise ? await running : running
    // Only now is it known, of a baseline, in which storage to go on.
    await inContext(context, () => {
      applyOutcome(ctx.res, outcome)
      if (outcome.fault !== undefined) return failed(ctx, outcome.fault)
      return outcome.refused === undefined ? next() : sendReply(ctx, outcome.refused.reply)
    })
  }
}
