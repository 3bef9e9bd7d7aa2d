import { inContext, runner, type Guard, type Outcome } from '@wardstone/http'
import { applyOutcome } from '@wardstone/http/node'
import type { FastifyReply, onRequestHookHandler } from 'fastify'
import { contextOf } from './context.ts'
import { sendReply, targetOf } from './reply.ts'

type Done = (error?: Error) => void

/**
 * Lets a request pass only if all guards do; the first refusal is the answer. The `onRequest` hook of a route: it runs
 * before the body is read.
 *
 * @throws {@link ConfigurationError} `invalid_options` without a guard, or with one that is no function
 *
 * @example
 * ```ts
 * import { guard } from '@wardstone/fastify'
 * import { ALLOW, deny, principalKey } from '@wardstone/http'
 * import { fastify } from 'fastify'
 *
 * const someone = guard((ctx) => (ctx.state.get(principalKey) ? ALLOW : deny(ctx, { status: 401, code: 'token_missing' })))
 * fastify().get('/me', { onRequest: someone }, async () => ({}))
 * ```
 */
export function guard(...guards: readonly Guard[]): onRequestHookHandler {
  const run = runner(guards)
  return function wardstoneGuard(request, reply, done) {
    const ctx = contextOf(request)
    const outcome = inContext(ctx, () => run(ctx))
    // Only now is it known, of a baseline, in which storage to go on.
    if (outcome instanceof Promise) outcome.then((late) => inContext(ctx, () => settle(late, reply, done))).catch(done)
    else inContext(ctx, () => settle(outcome, reply, done))
  }
}

function settle(outcome: Outcome, reply: FastifyReply, done: Done): void {
  applyOutcome(reply.raw, outcome, targetOf(reply))
  if (outcome.fault !== undefined) done(outcome.fault)
  else if (outcome.refused !== undefined) sendReply(reply, outcome.refused.reply)
  else done()
}
