import { InvalidArgumentError, type Principal } from '@wardstone/core'
import type { Refused } from './reply.ts'
import { sharedStateKey, type RequestState, type StateKey } from './state.ts'

/**
 * A request as guards and endpoints see it: ten members, read-only, without a body. Each web framework has an adapter of
 * some dozen lines that fills it in; a test writes one as an object literal.
 *
 * @typeParam Raw - the framework's own request
 */
export interface HttpContext<Raw = unknown> {
  /** Upper case. */
  readonly method: string
  /** As it came over the wire: not decoded, without the query, whole also below a mounted router. */
  readonly path: string
  /** The pattern that the framework matched, such as `/posts/:id`, once it did. */
  readonly route: string | undefined
  /** The client's address in canonical text: the socket's, until `baseline` has decided by `trustedProxies`. */
  readonly ip: string | undefined
  /** Whether the client speaks TLS, to us or to a trusted proxy. */
  readonly secure: boolean
  /** A header; lines of the same name joined by commas. `authorization`, `origin` and `host` are `undefined` when sent twice. */
  header(name: Lowercase<string>): string | undefined
  /** A cookie, as sent; `undefined` when sent twice, since nobody can tell which one is meant. */
  cookie(name: string): string | undefined
  /** A parameter of the matched route, decoded. */
  param(name: string): string | undefined
  /** What guards left behind. */
  readonly state: RequestState
  /** The framework's own request. */
  readonly raw: Raw
}

/** Who the request speaks for, set by an authenticating guard. */
export const principalKey: StateKey<Principal> = sharedStateKey('principal')

/**
 * Who the request speaks for, in an endpoint or guard that stands behind an authenticating guard.
 *
 * @typeParam C - the application's own claims, as the guard's verifier is typed
 * @throws {@link InvalidArgumentError} `invalid_argument` when nobody authenticated the request: the guard is missing.
 *
 * @example
 * ```ts
 * import { jsonReply, principalOf, type Endpoint } from '@wardstone/http'
 *
 * export const me: Endpoint = (ctx) => jsonReply(200, { id: principalOf(ctx).id })
 * ```
 */
export function principalOf<C = unknown>(ctx: HttpContext): Principal<C> {
  const principal = ctx.state.get(principalKey)
  if (principal === undefined)
    throw new InvalidArgumentError('ctx', 'expected an authenticating guard, such as bearer(tokens), before this')
  return principal as Principal<C>
}

/** The id that `baseline` gave the request. */
export const requestIdKey: StateKey<string> = sharedStateKey('request id')

/** Why an optional authentication failed: the refusal that a later, stricter guard answers with. */
export const refusalKey: StateKey<Refused> = sharedStateKey('refusal')

/** What `baseline` decided about the other end of the connection. */
export interface Origin {
  readonly ip: string | undefined
  readonly secure: boolean
}

/** @internal */
export const originKey: StateKey<Origin> = sharedStateKey('origin')

/** Whether the client speaks TLS as `baseline` has decided it, also where the context is a literal that does not ask. */
export function speaksTls(ctx: HttpContext): boolean {
  return ctx.state.get(originKey)?.secure ?? ctx.secure
}
