import { InvalidArgumentError, readOptions, warn } from '@wardstone/core'
import {
  clientFacts,
  jsonReply,
  problem,
  queryOf,
  isCsrfExcepted,
  isCsrfJudged,
  refusedAsCrossSite,
  type Refused,
  type Endpoint,
  type HeaderList,
  type HttpContext,
  type Reply,
} from '@wardstone/http'
import { RefreshKeyUnknownError } from '../errors.ts'
import { isObjectWith } from '../access/verifier.ts'
import type { Verified } from '../access/verified.ts'
import type { IssueInput, Refreshed, RefreshRefused, TokenPair, TokenService } from '../token-service.ts'
import { verifiedKey } from './bearer.ts'
import { writeBatch } from './revocation-wire.ts'
import { readRefreshCookie, type RefreshCookie, type RefreshCookieOptions } from './cookie.ts'

/** Options of {@link createSessionEndpoints}. */
export interface SessionEndpointsOptions {
  readonly tokens: TokenService<object>
  readonly cookie?: RefreshCookieOptions | undefined
}

/**
 * The session's endpoints. Access tokens go into the body, the refresh token into its cookie and nowhere else.
 * `logoutAll`, `list`, `end` and `confirm` stand behind `bearer`.
 */
export interface SessionEndpoints {
  /**
   * Begins a session and answers with its tokens: call it at the end of the application's own sign-in, once it knows who
   * that is. Ends the session whose cookie the browser still sends. What another site posts is refused, unless `csrf.except` names
   * the route, as for SAML and `form_post`: then the application has checked a signature, `state` or `RelayState` before.
   *
   * @param extra - further members of the body, such as the account
   */
  begin(ctx: HttpContext, who: IssueInput, extra?: object): Promise<Reply>
  /** Answers with new tokens for the cookie. */
  readonly refresh: Endpoint
  /**
   * Ends the session of the cookie, and removes the cookie whatever happens. Without a cookie that counts it ends the session
   * of the access token, where the route stands behind `bearer(tokens, { optional: true })`.
   */
  readonly logout: Endpoint
  /** Ends all sessions of the principal. */
  readonly logoutAll: Endpoint
  /** Notes that the browser has its tokens. */
  readonly confirm: Endpoint
  /** Lists the principal's sessions. */
  readonly list: Endpoint
  /** Ends one session of the principal, by the route's parameter `id`. */
  readonly end: Endpoint
  /** Serves the public keys. */
  readonly jwks: Endpoint
  /**
   * Serves what was revoked, to services that only verify and follow it by {@link httpFeed}: `GET /.well-known/revocations?after=`. It names
   * sessions, not people, and no session can be used by its name; put a guard before it if its volume is nobody's business.
   */
  readonly revocations: Endpoint
}

const NO_STORE: HeaderList = [['cache-control', 'no-store']]

/**
 * Makes the endpoints of sessions.
 *
 * @throws {@link ConfigurationError} `invalid_options`
 *
 * @example
 * ```ts
 * import type { TokenService } from '@wardstone/tokens'
 * import { createSessionEndpoints } from '@wardstone/tokens/http'
 *
 * export const sessionsOf = (tokens: TokenService<object>) => createSessionEndpoints({ tokens, cookie: { sameSite: 'lax' } })
 * ```
 */
export function createSessionEndpoints(options: SessionEndpointsOptions): SessionEndpoints {
  const { tokens, cookie } = readOptions('createSessionEndpoints', options, (o) => {
    const service = o.value<TokenService<object>>('tokens', 'expected createTokenService()', (v) => isObjectWith(v, 'refresh'))
    if (service === undefined) o.problem('tokens', 'required; expected createTokenService()')
    return {
      tokens: service as TokenService<object>,
      cookie: readRefreshCookie(o.nested('cookie')),
    }
  })

  let judged = true
  /** The endpoints protect themselves by what browsers of today say. That is less than `csrf` does, and only they are protected. */
  const crossSite = (ctx: HttpContext): Refused | undefined => {
    if (judged && !isCsrfJudged(ctx) && !isCsrfExcepted(ctx)) {
      judged = false
      warn(
        'WARDSTONE_CSRF_OFF',
        'createSessionEndpoints: no csrf stands before them, and they believe a cookie. Put baseline() on the application, or csrf() before the routes.',
      )
    }
    return refusedAsCrossSite(ctx)
  }

  return {
    async begin(ctx, who, extra) {
      // A sign-in that ends with a redirect from elsewhere, as with OAuth, comes by GET and is protected by its `state`; one that
      // ends with a form, as with SAML, comes where `csrf.except` says that another site posts.
      const crossed = ctx.method === 'GET' || isCsrfExcepted(ctx) ? undefined : crossSite(ctx)
      if (crossed !== undefined) return crossed.reply
      const earlier = ctx.cookie(cookie.name)
      const issued = await tokens.issue(who, clientFacts(ctx))
      if (!issued.ok) return problem(ctx, { status: 401, code: 'sign_in_refused' })
      if (earlier !== undefined) await endEarlier(tokens, earlier, ctx) // not before: a sign-in that fails ends nothing
      return jsonReply(200, { ...bodyOf(issued, tokens.now()), ...extra }, [...NO_STORE, setCookie(cookie, issued, tokens.now())])
    },

    async refresh(ctx) {
      const crossed = crossSite(ctx)
      if (crossed !== undefined) return crossed.reply
      const presented = ctx.cookie(cookie.name)
      if (presented === undefined) return notAccepted(ctx)
      return refreshReply(ctx, await tokens.refresh(presented, clientFacts(ctx)), cookie, tokens.now())
    },

    async logout(ctx) {
      const crossed = crossSite(ctx)
      if (crossed !== undefined) return crossed.reply
      const headers: HeaderList = [...NO_STORE, ['set-cookie', cookie.clear()]]
      const presented = ctx.cookie(cookie.name)
      try {
        await endPresented(tokens, ctx, presented)
      } catch {
        // Whoever leaves a shared computer must not leave the cookie; that the session lives on is said aloud.
        return problem(ctx, { status: 503, code: 'session_not_revoked', headers })
      }
      return { status: 204, headers }
    },

    async logoutAll(ctx) {
      await tokens.revokeAll(signedIn(ctx).principal.id, clientFacts(ctx))
      return { status: 204, headers: [...NO_STORE, ['set-cookie', cookie.clear()]] }
    },

    async confirm(ctx) {
      await tokens.confirm(signedIn(ctx) as Verified<object>)
      return { status: 204, headers: NO_STORE }
    },

    async list(ctx) {
      const { principal, sid: currentSid } = signedIn(ctx)
      const sessions = await tokens.list(principal.id)
      const items = sessions.map(({ sid, userAgent, ip, createdAt, lastUsedAt }) => ({
        id: sid,
        device: userAgent ?? null,
        ip: ip ?? null,
        createdAt: new Date(createdAt).toISOString(),
        lastUsedAt: new Date(lastUsedAt).toISOString(),
        current: sid === currentSid,
      }))
      return jsonReply(200, { sessions: items }, NO_STORE)
    },

    async end(ctx) {
      const sid = ctx.param('id') ?? ''
      const ended = await tokens.revoke({ sub: signedIn(ctx).principal.id, sid }, clientFacts(ctx))
      return ended ? { status: 204, headers: NO_STORE } : problem(ctx, { status: 404, code: 'not_found' })
    },

    revocations(ctx) {
      const after = queryOf(ctx).get('after') ?? undefined
      return jsonReply(200, writeBatch(tokens.revocations(after)), NO_STORE)
    },

    jwks(ctx) {
      const { body, etag, cacheControl } = tokens.jwks()
      const headers: HeaderList = [
        ['content-type', 'application/jwk-set+json'],
        ['cache-control', cacheControl],
        ['etag', etag],
      ]
      const known = ctx
        .header('if-none-match')
        ?.split(',')
        .map((tag) => tag.trim().replace(/^W\//, ''))
      return known?.some((tag) => tag === etag || tag === '*') === true
        ? { status: 304, headers }
        : { status: 200, headers, body }
    },
  }
}

/** What a browser is told of a refresh. One answer for every token that is not accepted, and the cookie stays. */
function refreshReply(ctx: HttpContext, result: Refreshed | RefreshRefused, cookie: RefreshCookie, now: number): Reply {
  if (result.ok) return jsonReply(200, bodyOf(result, now), [...NO_STORE, ...renewedCookie(result, cookie, now)])
  if (result.code === 'claims_unavailable') {
    return problem(ctx, { status: 503, code: result.code, headers: renewedCookie(result as ClaimsMissing, cookie, now) })
  }
  return result.retryable ? problem(ctx, { status: 503, code: result.code }) : notAccepted(ctx)
}

type ClaimsMissing = Extract<RefreshRefused, { readonly code: 'claims_unavailable' }>

/**
 * The cookie of a new or repeated refresh token. Where the presented token is still the current one nothing is set: this
 * response may arrive after one that sets a later token.
 */
function renewedCookie(result: Refreshed | ClaimsMissing, cookie: RefreshCookie, now: number): HeaderList {
  return result.kind === 'repeated' ? [] : [setCookie(cookie, result, now)]
}

function setCookie(
  cookie: RefreshCookie,
  { refreshToken, refreshExpiresAt }: Pick<TokenPair, 'refreshToken' | 'refreshExpiresAt'>,
  now: number,
): HeaderList[number] {
  return ['set-cookie', cookie.set(refreshToken, refreshExpiresAt - now)]
}

function bodyOf({ accessToken, expiresAt }: TokenPair, now: number): object {
  return { accessToken, tokenType: 'Bearer', expiresIn: Math.max(0, Math.ceil((expiresAt - now) / 1000)) }
}

/** The cookie is not cleared: a newer one may have been set meanwhile, by a sign-in in another tab. */
function notAccepted(ctx: HttpContext): Reply {
  return problem(ctx, { status: 401, code: 'invalid_refresh_token' })
}

/** A cookie whose secret is gone, as after a restart in development, must not keep anybody from signing in. */
async function endEarlier(tokens: TokenService<object>, refreshToken: string, ctx: HttpContext): Promise<void> {
  try {
    await tokens.revoke({ refreshToken }, clientFacts(ctx))
  } catch (error) {
    if (!(error instanceof RefreshKeyUnknownError)) throw error
  }
}

async function endPresented(tokens: TokenService<object>, ctx: HttpContext, cookie: string | undefined): Promise<void> {
  const client = clientFacts(ctx)
  if (cookie !== undefined && (await tokens.revoke({ refreshToken: cookie }, client))) return
  const verified = ctx.state.get(verifiedKey)
  if (verified !== undefined) await tokens.revoke({ sub: verified.principal.id, sid: verified.sid }, client)
}

function signedIn(ctx: HttpContext): Verified<unknown> {
  const verified = ctx.state.get(verifiedKey)
  if (verified === undefined) throw new InvalidArgumentError('ctx', 'this endpoint stands behind guard(bearer(tokens))')
  return verified
}
