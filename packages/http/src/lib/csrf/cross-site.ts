import type { HttpContext } from '../context.ts'
import { deny } from '../decision.ts'
import { refusedByKey } from '../explain.ts'
import type { Refused } from '../reply.ts'
import { quoted } from '../site.ts'
import { sharedStateKey, type StateKey } from '../state.ts'

/** Set once `csrf` has let a request pass that may change something. */
export const csrfJudgedKey: StateKey<boolean> = sharedStateKey('csrf judged')

/** Set where the application's `csrf.except` has let a request pass that would have been refused. */
export const csrfExceptedKey: StateKey<boolean> = sharedStateKey('csrf excepted')

/** Whether `csrf` stands before this and has judged the request, which changes something. For endpoints that believe a cookie. */
export function isCsrfJudged(ctx: HttpContext): boolean {
  return ctx.state.get(csrfJudgedKey) === true
}

/**
 * Whether `csrf` would have refused the request and `csrf.except` let it pass: another site sent it, and the application expects
 * that here. Nothing in it may be believed for a cookie's sake. For endpoints that stand at the end of a sign-in elsewhere and have
 * checked what they were sent.
 */
export function isCsrfExcepted(ctx: HttpContext): boolean {
  return ctx.state.get(csrfExceptedKey) === true
}

/** What a browser says of a request that the application's own page or the user caused. */
export function isOwnSite(site: string | undefined): boolean {
  return site === 'same-origin' || site === 'none'
}

/**
 * The refusal of a request that a browser says another site caused, a sibling host included; `undefined` when there is
 * nothing to refuse. For endpoints that protect themselves where no `csrf` stands before them: what that has judged by the
 * application's configuration is not judged again; what `csrf.except` let pass has not been judged. Clients that are no browsers, and old ones, do not say: they pass.
 *
 * @see {@link https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header | Fetch Metadata}
 *
 * @example
 * ```ts
 * import { refusedAsCrossSite, type Endpoint } from '@wardstone/http'
 *
 * export const leave: Endpoint = (ctx) => refusedAsCrossSite(ctx)?.reply ?? { status: 204 }
 * ```
 */
export function refusedAsCrossSite(ctx: HttpContext): Refused | undefined {
  const site = ctx.header('sec-fetch-site')
  if (site === undefined || isOwnSite(site) || isCsrfJudged(ctx)) return undefined
  const why = `Sec-Fetch-Site says ${quoted(site)}, and no csrf before this has been told to trust anybody`
  const refused = deny(ctx, { status: 403, code: 'cross_site_request' }, why)
  ctx.state.set(refusedByKey, refused) // an endpoint's reply says nothing of it
  return refused
}
