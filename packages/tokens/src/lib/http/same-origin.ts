import { ALLOW, deny, type Guard, type HttpContext, type Refused } from '@wardstone/http'

/**
 * Refuses what a browser says another site caused, a sibling host included. The session endpoints ask by themselves; put it
 * before a sign-in of your own, so that a forged one is refused before a password is hashed.
 *
 * @see {@link https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header | Fetch Metadata}
 *
 * @example
 * ```ts
 * import { sameOrigin } from '@wardstone/tokens/http'
 *
 * export const beforeSignIn = sameOrigin()
 * ```
 */
export function sameOrigin(): Guard {
  return function sameOriginGuard(ctx) {
    return refusedAsCrossSite(ctx) ?? ALLOW
  }
}

/** The refusal, if there is one. Clients that are no browsers, and old ones, do not say: they pass. */
export function refusedAsCrossSite(ctx: HttpContext): Refused | undefined {
  const site = ctx.header('sec-fetch-site')
  if (site === undefined || site === 'same-origin' || site === 'none') return undefined
  return deny(ctx, { status: 403, code: 'cross_site_request' })
}
