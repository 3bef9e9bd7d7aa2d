import { runner, type Guard, type Outcome } from '@wardstone/http'
import { applyOutcome, endReply } from '@wardstone/http/node'
import type { NextFunction, RequestHandler, Response } from 'express'
import { contextOf } from './context.ts'

/**
 * Lets a request pass only if all guards do; the first refusal is the answer. Goes on a route, before its handlers.
 *
 * @example
 * ```ts
 * import { guard } from '@wardstone/express'
 * import { ALLOW, deny, principalKey } from '@wardstone/http'
 * import express from 'express'
 *
 * const someone = guard((ctx) => (ctx.state.get(principalKey) ? ALLOW : deny(ctx, { status: 401, code: 'token_missing' })))
 * express().get('/me', someone, (req, res) => void res.json({}))
 * ```
 */
export function guard(...guards: readonly Guard[]): RequestHandler {
  const run = runner(guards)
  return function wardstoneGuard(req, res, next) {
    const outcome = run(contextOf(req))
    if (outcome instanceof Promise) return outcome.then((late) => settle(late, res, next))
    settle(outcome, res, next)
  }
}

function settle(outcome: Outcome, res: Response, next: NextFunction): void {
  applyOutcome(res, outcome)
  if (outcome.fault !== undefined) next(outcome.fault)
  else if (outcome.refused !== undefined) endReply(res, outcome.refused.reply)
  else next()
}
