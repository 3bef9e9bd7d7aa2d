import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Readable } from 'node:stream'
import { baseline as baselineGuard, type BaselineOptions } from '../baseline.ts'
import { inContext } from '../context-storage.ts'
import type { Endpoint, Guard } from '../decision.ts'
import { endpointRunner, type EndpointOptions } from '../endpoint.ts'
import { faultAnswers, type ProblemsOptions } from '../faults.ts'
import { notFoundProblem } from '../problem.ts'
import { runner, type Outcome } from '../runner.ts'
import { CONTENT_HEADERS } from '../wire.ts'
import { contextOf } from './request.ts'
import { applyOutcome, endReply } from './response.ts'

/** Passes a request on; with an argument, to the error boundary. */
export type Next = (error?: unknown) => void

/** A handler in the manner of Connect, as Express 4 and 5 take it. It answers, or calls `next` once; it never throws or rejects. */
export type NodeHandler = (request: IncomingMessage, response: ServerResponse, next: Next) => void

/** The handler of what another one passed to `next`. Express knows it by its four parameters. */
export type NodeErrorHandler = (error: unknown, request: IncomingMessage, response: ServerResponse, next: Next) => void

/**
 * What every response gets, errors and 404 included: address, request id, security headers. Goes before everything else.
 *
 * @throws {@link ConfigurationError} `invalid_options`
 */
export function baseline(options?: BaselineOptions): NodeHandler {
  return guard(baselineGuard(options))
}

/**
 * Lets a request pass only if all guards do; the first refusal is the answer. Goes before the handlers of a route.
 *
 * @throws {@link ConfigurationError} `invalid_options` without a guard, or with one that is no function
 *
 * @example
 * ```ts
 * import { ALLOW, deny, principalKey } from '@wardstone/http'
 * import { guard } from '@wardstone/http/node'
 *
 * export const someone = guard((ctx) =>
 *   ctx.state.get(principalKey) ? ALLOW : deny(ctx, { status: 401, code: 'token_missing' }),
 * )
 * ```
 */
export function guard(...guards: readonly Guard[]): NodeHandler {
  const run = runner(guards)
  return function wardstoneGuard(request, response, next) {
    const ctx = contextOf(request)
    const outcome = inContext(ctx, () => run(ctx))
    // Only now is it known, of a baseline, in which storage to go on.
    if (outcome instanceof Promise) outcome.then((late) => inContext(ctx, () => settle(late, response, next))).catch(next)
    else inContext(ctx, () => settle(outcome, response, next))
  }
}

function settle(outcome: Outcome, response: ServerResponse, next: Next): void {
  try {
    applyOutcome(response, outcome)
  } catch (error) {
    return next(error) // a header that cannot be sent
  }
  if (outcome.fault !== undefined) next(outcome.fault)
  else if (outcome.refused !== undefined) endReply(response, outcome.refused.reply)
  else next()
}

/**
 * A route's handler from an {@link Endpoint}: JSON or nothing comes in, a reply goes out. A body that the application has
 * parsed before is taken as it is.
 *
 * @throws {@link ConfigurationError} `invalid_options`
 *
 * @example
 * ```ts
 * import { jsonReply } from '@wardstone/http'
 * import { endpoint } from '@wardstone/http/node'
 *
 * export const echo = endpoint((ctx, body) => jsonReply(200, { body }), { bodyLimit: 1024 })
 * ```
 */
export function endpoint(handler: Endpoint, options?: EndpointOptions): NodeHandler {
  const answer = endpointRunner(handler, options)
  return function wardstoneEndpoint(request, response, next) {
    const ctx = contextOf(request)
    inContext(ctx, () => answer(ctx, { parsed: bodyOf(request), chunks: () => chunksOf(request) }))
      .then((reply) => endReply(response, reply))
      .catch(next)
  }
}

/** What the application has parsed. */
function bodyOf(request: IncomingMessage): unknown {
  return (request as { readonly body?: unknown }).body
}

/** The bytes of a body. Leaving off must not destroy the request: the socket goes with it, and the answer too. */
export function chunksOf(body: Readable): AsyncIterable<Uint8Array> {
  return body.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>
}

/**
 * The outermost error boundary: what nobody answered becomes a 404, what was thrown a problem document that tells
 * nothing of the error. Goes after everything else.
 *
 * @throws {@link ConfigurationError} `invalid_options`
 * @see {@link baseline}
 */
export function problems(options?: ProblemsOptions<IncomingMessage>): [notFound: NodeHandler, failed: NodeErrorHandler] {
  const answer = faultAnswers(options)
  return [
    function wardstoneNotFound(request, response) {
      endReply(response, notFoundProblem(contextOf(request)))
    },
    function wardstoneProblem(error, request, response, _next) {
      const ctx = contextOf(request)
      const reply = inContext(ctx, () => answer(ctx, error, response.headersSent))
      if (!response.headersSent) for (const name of CONTENT_HEADERS) response.removeHeader(name)
      endReply(response, reply)
    },
  ]
}
