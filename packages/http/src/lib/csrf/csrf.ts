import { readOptions, type OptionReader } from '@wardstone/core'
import type { HttpContext } from '../context.ts'
import type { CorsPart } from '../cors/cors.ts'
import { readOrigins, type OriginList, type OriginsInput } from '../cors/origin-list.ts'
import { deny, type Guard } from '../decision.ts'
import type { CrossSiteRefused } from '../events.ts'
import { isExcepted } from '../exception.ts'
import { clientFacts } from '../facts.ts'
import { guardOf, type Part } from '../part.ts'
import type { Refused } from '../reply.ts'
import { isRepeated } from '../request.ts'
import { crossOriginData, quoted, readSite, type Site, type SiteOptions } from '../site.ts'
import { csrfExceptedKey, csrfJudgedKey, isOwnSite } from './cross-site.ts'
import { csrfTokensKey, readTokens, type CsrfTokenOptions, type CsrfTokens } from './token.ts'

/** Options of {@link csrf}. */
export interface CsrfOptions {
  /**
   * Whose pages may send what changes something, beside the application's own (`publicOrigins`) and those that `cors` lists
   * with credentials. A sibling such as `https://app.example.com` for `https://api.example.com` is another origin. Default: nobody.
   */
  readonly trustedOrigins?: OriginsInput | OriginList | undefined
  /**
   * What becomes of a request with a cookie that neither says its origin nor carries Fetch Metadata, as every browser since 2023
   * does. Default `refuse`; `allow` for command-line clients and servers that keep cookies.
   */
  readonly unsignalled?: 'refuse' | 'allow' | undefined
  /**
   * Requests that are not judged at all: what other sites post to, such as the callback of a sign-in by SAML or `form_post`.
   * Whoever this lets pass may act for anybody who is signed in: such a route must not believe a cookie, and has to check what it
   * is sent (a signature, `state`, `RelayState`). Compare the whole `ctx.path`; never a prefix, and never what the client chooses.
   * Endpoints that protect themselves go on doing so; those that begin a session take what this lets pass. One that throws lets
   * nothing pass.
   */
  readonly except?: ((ctx: HttpContext) => boolean) | undefined
  /** Asks for a signed token too. */
  readonly token?: CsrfTokenOptions | undefined
}

/**
 * Refuses what changes something and another site caused: `POST`, `PUT`, `PATCH`, `DELETE` and every other method but `GET`,
 * `HEAD` and `OPTIONS`; and the handshake of a WebSocket, a `GET` that opens a door for writing. By Fetch Metadata, else by `Origin` against what is configured, never against `Host`, which a proxy may
 * rewrite. On in `baseline` by default; needs no token, and no change to pages and clients.
 *
 * A handler that changes something on `GET` is not protected, nor is one behind a middleware that turns a `GET` into something else.
 *
 * @throws {@link ConfigurationError} `invalid_options`
 * @see {@link https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header | Fetch Metadata}
 * @see {@link https://pkg.go.dev/net/http#CrossOriginProtection | Go's CrossOriginProtection}
 *
 * @example
 * ```ts
 * import { csrf } from '@wardstone/http'
 *
 * export const guard = csrf({ publicOrigins: ['https://api.example.com'], trustedOrigins: ['https://app.example.com'] })
 * ```
 */
export function csrf(options: CsrfOptions & SiteOptions = {}): Guard {
  return guardOf(readOptions('csrf', options, (o) => readCsrf(o, readSite(o))))
}

/** The part of `baseline`, and what others have to know of it. */
export interface CsrfPart extends Part {
  /** The header in which it wants a token, if it does. */
  readonly tokenHeader: string | undefined
  /** Whether it was told of pages elsewhere: then those of the application may be there. */
  readonly trustsOthers: boolean
}

/** The same as a part of `baseline`. */
export function readCsrf(o: OptionReader, site: Site, cors?: CorsPart): CsrfPart {
  const trusted = readOrigins(o, 'trustedOrigins')
  if (trusted?.everybody === true)
    o.problem('trustedOrigins', '"*" trusts every site with every account: list origins, or set csrf: false')
  const refusesUnsignalled = o.oneOf('unsignalled', ['refuse', 'allow'], 'refuse') === 'refuse'
  const except = o.callback<CsrfOptions['except']>('except')
  const tokens = readTokensOf(o)

  const trusts = (origin: string): boolean =>
    site.isOwn(origin) || trusted?.list.has(origin) === true || cors?.trusts(origin) === true

  /** Why a request is taken for another site's, if it is. */
  const judge = (ctx: HttpContext): Verdict | undefined => {
    const from = ctx.header('sec-fetch-site')
    if (isOwnSite(from)) return undefined
    const origin = ctx.header('origin')
    if (origin !== undefined && trusts(origin)) return undefined
    if (from !== undefined)
      return { reason: 'fetch_metadata', why: `Sec-Fetch-Site says ${quoted(from)}, and ${untrusted(origin)}` }
    if (origin !== undefined) return { reason: 'origin', why: `${untrusted(origin)}${ownUnknown(site)}` }
    // Of two, either may be the attacker's; to a context they are as good as none.
    if (isRepeated(ctx, 'origin')) return { reason: 'origin', why: 'the request has more than one Origin' }
    if (refusesUnsignalled && ctx.header('cookie') !== undefined) return UNSIGNALLED
    return undefined
  }

  return {
    tokenHeader: tokens?.header,
    trustsOthers: trusted !== undefined,
    apply(ctx) {
      if (tokens !== undefined) ctx.state.set(csrfTokensKey, tokens)
      const { method } = ctx
      const handshake = method === 'GET' && isHandshake(ctx)
      if (!handshake && (method === 'GET' || method === 'HEAD' || method === 'OPTIONS')) return undefined
      // No page can give a handshake a header, so none is asked for a token.
      const verdict = judge(ctx) ?? (handshake ? undefined : tokens && missingToken(ctx, tokens))
      // Asked last, so that it is called for what would be refused.
      if (verdict === undefined) ctx.state.set(csrfJudgedKey, true)
      else if (isExcepted(ctx, except)) ctx.state.set(csrfExceptedKey, true)
      else return refuse(ctx, verdict, site)
      return undefined
    },
  }
}

/** A WebSocket comes with cookies from any site, and no CORS stops it. Over HTTP/2 it is a `CONNECT`. */
function isHandshake(ctx: HttpContext): boolean {
  const upgrade = ctx.header('upgrade')
  return upgrade === undefined ? ctx.header('sec-fetch-mode') === 'websocket' : /websocket/i.test(upgrade)
}

type Reason = CrossSiteRefused['data']['reason']

interface Verdict {
  readonly reason: Reason
  readonly why: string
}

const UNSIGNALLED: Verdict = {
  reason: 'unsignalled',
  why: "a cookie, but neither Sec-Fetch-Site nor Origin: no browser of today; unsignalled: 'allow' lets other clients with cookies pass",
}

/** What the caller can do about it; nothing that was sent is repeated. */
const DETAILS: Readonly<Partial<Record<Reason, string>>> = {
  fetch_metadata: 'Another site caused this request.',
  origin: 'The Origin of this request is not one of this application.',
  unsignalled: 'The request has a cookie, and does not say where it comes from: browsers send Sec-Fetch-Site or Origin.',
}

function untrusted(origin: string | undefined): string {
  if (origin === undefined) return 'there is no single Origin to trust'
  return `the origin ${quoted(origin)} is neither in publicOrigins nor in csrf.trustedOrigins, nor in cors.origins with credentials`
}

/** The most likely mistake: browsers send no Fetch Metadata over plain http, except to localhost. */
function ownUnknown({ publicOrigins }: Site): string {
  return publicOrigins.length > 0
    ? ''
    : '; if it is the application’s own, configure publicOrigins: without, nothing says what is'
}

/** Header only: what stands in a body or an address is not the page's own word, and gets into logs. */
function missingToken(ctx: HttpContext, tokens: CsrfTokens): Verdict | undefined {
  const session = tokens.sessionOf(ctx)
  if (session === undefined) return undefined
  if (session === '') return { reason: 'token_invalid', why: 'the session is empty, or its cookie came twice' }
  const token = ctx.header(tokens.header)
  if (token === undefined) return { reason: 'token_missing', why: `the request has a session, but no ${tokens.header}` }
  if (tokens.accepts(token, session)) return undefined
  return { reason: 'token_invalid', why: `${tokens.header} is not a token of this session, or of a secret that is gone` }
}

function refuse(ctx: HttpContext, { reason, why }: Verdict, site: Site): Refused {
  const data = { ...crossOriginData(ctx), reason }
  site.report({ name: 'cross_site_request', severity: 'warn', client: clientFacts(ctx), data })
  if (reason === 'token_missing' || reason === 'token_invalid') {
    return deny(ctx, { status: 403, code: 'csrf_token_invalid' }, why)
  }
  return deny(ctx, { status: 403, code: 'cross_site_request', detail: DETAILS[reason] }, why)
}

/** Not `nested`: left out means none. */
function readTokensOf(o: OptionReader): CsrfTokens | undefined {
  const given = o.value<CsrfTokenOptions>('token', '', () => true)
  return given === undefined ? undefined : readTokens(o.nested('token'))
}
