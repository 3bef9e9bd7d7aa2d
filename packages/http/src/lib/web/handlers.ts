import { baseline as baselineGuard, type BaselineOptions } from '../baseline.ts'
import type { HttpContext } from '../context.ts'
import { inContext } from '../context-storage.ts'
import type { Endpoint, Guard, Reply } from '../decision.ts'
import { endpointRunner, type EndpointOptions } from '../endpoint.ts'
import { refusedByKey } from '../explain.ts'
import { faultAnswers, type ProblemsOptions } from '../faults.ts'
import { notFoundProblem } from '../problem.ts'
import { runner } from '../runner.ts'
import { nonceKey } from '../secure-headers/nonce.ts'
import { sharedStateKey, type StateKey } from '../state.ts'
import { addHeaders, wireReply } from '../wire.ts'
import { contextOf, type WebFacts } from './context.ts'
import { Exchange, targetOf } from './exchange.ts'

/**
 * Stands around what answers a request. `next` answers it, or says `undefined` where no route does.
 *
 * @param facts - what the request does not tell; what an outer handler was told needs no repeating
 */
export type WebHandler = <T extends Response | undefined>(
  request: Request,
  next: () => T | Promise<T>,
  facts?: WebFacts,
) => Promise<Response | T>

/** Stands around everything: what comes out is always a response. */
export type WebBoundary = (
  request: Request,
  next: () => Response | undefined | Promise<Response | undefined>,
  facts?: WebFacts,
) => Promise<Response>

const exchangeKey: StateKey<Exchange | undefined> = sharedStateKey('exchange')

/**
 * What every response gets, errors and 404 included: address, request id, security headers. Goes around everything else;
 * its caller says the address of the client, which no `Request` knows.
 *
 * When a callback in the options throws, such as `csrf.token.session`, the answer is a problem document, too, and `console.error` tells
 * of it, unless {@link problems} stands outside of `baseline`.
 *
 * @throws {@link ConfigurationError} `invalid_options`
 *
 * @example
 * ```ts
 * import { baseline, problems } from '@wardstone/http/web'
 *
 * const [base, boundary] = [baseline(), problems()]
 * export const fetch = (request: Request, server: { requestIP(r: Request): { address: string } | null }) =>
 *   base(request, () => boundary(request, () => new Response('hello')), { ip: server.requestIP(request)?.address })
 * ```
 */
export function baseline(options?: BaselineOptions): WebHandler {
  const answer = faultAnswers<Request>(undefined)
  return guarding([baselineGuard(options)], (ctx, exchange, fault) => {
    if (exchange.rescue !== undefined) throw fault
    // What stands inside was never asked.
    return responseOf(ctx, answer(ctx, fault, false))
  })
}

/**
 * Lets a request pass only if all guards do; the first refusal is the answer.
 *
 * @throws {@link ConfigurationError} `invalid_options` without a guard, or with one that is no function
 *
 * @example
 * ```ts
 * import { ALLOW, deny, principalKey } from '@wardstone/http'
 * import { guard, principal } from '@wardstone/http/web'
 *
 * const someone = guard((ctx) => (ctx.state.get(principalKey) ? ALLOW : deny(ctx, { status: 401, code: 'token_missing' })))
 * export const me = (request: Request) => someone(request, () => Response.json({ id: principal(request)?.id }))
 * ```
 */
export function guard(...guards: readonly Guard[]): WebHandler {
  return guarding(guards, (_ctx, _exchange, fault) => {
    throw fault
  })
}

/** The same, with an answer of one's own to a guard that throws. */
function guarding(
  guards: readonly Guard[],
  failed: (ctx: HttpContext<Request>, exchange: Exchange, fault: Error) => Response,
): WebHandler {
  const run = runner(guards)
  return function wardstoneGuard(request, next, facts) {
    return around(request, facts, async (ctx, exchange) => {
      const outcome = await inContext(ctx, () => run(ctx))
      // Only now is it known, of a baseline, in which storage to go on.
      return inContext(ctx, () => {
        exchange.add(outcome)
        if (outcome.fault !== undefined) return failed(ctx, exchange, outcome.fault)
        return outcome.refused === undefined ? next() : responseOf(ctx, outcome.refused.reply)
      })
    })
  }
}

/**
 * Answers a route by an {@link Endpoint}: JSON or nothing comes in, a reply goes out.
 *
 * @throws {@link ConfigurationError} `invalid_options`
 *
 * @example
 * ```ts
 * import { jsonReply } from '@wardstone/http'
 * import { endpoint } from '@wardstone/http/web'
 *
 * export const echo = endpoint((ctx, body) => jsonReply(200, { body }), { bodyLimit: 1024 })
 * ```
 */
export function endpoint(
  handler: Endpoint,
  options?: EndpointOptions,
): (request: Request, facts?: WebFacts) => Promise<Response> {
  const answer = endpointRunner(handler, options)
  return async function wardstoneEndpoint(request, facts) {
    const ctx = contextOf(request, facts)
    const body = { parsed: undefined, chunks: () => chunksOf(request), unannounced: request.body !== null }
    return responseOf(ctx, await inContext(ctx, () => answer(ctx, body)))
  }
}

/**
 * The error boundary: what `next` does not answer becomes a 404, what it throws a problem document that tells nothing of
 * the error. Goes inside {@link baseline}, around the routes.
 *
 * @throws {@link ConfigurationError} `invalid_options`
 */
export function problems(options?: ProblemsOptions<Request>): WebBoundary {
  const answer = faultAnswers(options)
  return function wardstoneProblems(request, next, facts) {
    return around(request, facts, async (ctx, exchange) => {
      const rescue = (error: unknown): Response => {
        exchange.forgetContent()
        const reply = inContext(ctx, () => answer(ctx, error, false))
        return responseOf(ctx, reply)
      }
      exchange.rescue ??= rescue
      try {
        return (await inContext(ctx, next)) ?? responseOf(ctx, notFoundProblem(ctx))
      } catch (error) {
        return rescue(error)
      }
    })
  }
}

/** Runs what stands around a request; the outermost puts on the response what all of them asked for. */
async function around<T extends Response | undefined>(
  request: Request,
  facts: WebFacts | undefined,
  run: (ctx: HttpContext<Request>, exchange: Exchange) => Promise<T>,
): Promise<Response | T> {
  const ctx = contextOf(request, facts)
  const outer = ctx.state.get(exchangeKey)
  if (outer !== undefined) return run(ctx, outer)
  // A request that is handled once more gets another response: what belonged to the first one stays there.
  ctx.state.set(nonceKey, undefined)
  ctx.state.set(refusedByKey, undefined)
  const exchange = new Exchange(request.signal)
  ctx.state.set(exchangeKey, exchange)
  try {
    const response = await run(ctx, exchange)
    if (response !== undefined) return exchange.finish(response)
    exchange.end(404) // which is what hosts make of it
    return response
  } catch (error) {
    exchange.end(500) // likewise
    throw error
  } finally {
    // What comes next with the same request has a response of its own.
    ctx.state.set(exchangeKey, undefined)
  }
}

function responseOf(ctx: HttpContext, reply: Reply): Response {
  const wire = wireReply(reply)
  const headers = new Headers()
  addHeaders(targetOf(headers), wire.headers)
  return new Response(ctx.method === 'HEAD' ? null : (wire.body ?? null), { status: reply.status, headers })
}

/** The bytes of a body. Leaving off must not cancel the stream: the connection may go with it, and the answer too. */
function chunksOf({ body, bodyUsed }: Request): AsyncIterable<Uint8Array> {
  if (bodyUsed) throw new TypeError('The body of the request was read before its endpoint')
  return (body ?? new Blob([]).stream()).values({ preventCancel: true })
}
