import { readOptions, type Duration, type OptionReader } from '@wardstone/core'
import type { HttpContext } from '../context.ts'
import { deny, type Guard, type HeadHook } from '../decision.ts'
import { clientFacts } from '../facts.ts'
import type { HeaderList } from '../headers.ts'
import { guardOf, type Part } from '../part.ts'
import type { Refused } from '../reply.ts'
import { crossOriginData, quoted, readSite, type Site, type SiteOptions } from '../site.ts'
import { readOrigins, type OriginList, type OriginsInput } from './origin-list.ts'

/** Options of {@link cors}. */
export interface CorsOptions {
  /**
   * Whose pages may read responses: a list, a list for each environment, or an {@link originList} that changes while serving.
   * `['*']` is everybody, and only with `credentials: false`. The application's own `publicOrigins` need no entry.
   */
  readonly origins: OriginsInput | OriginList
  /** Whether they may send cookies and read what comes of it. Default `true`. */
  readonly credentials?: boolean | undefined
  /** What they may send. Default `GET, POST, PUT, PATCH, DELETE, OPTIONS`; for everybody `GET`. */
  readonly methods?: readonly string[] | undefined
  /** Request headers that they may set. Default `content-type, authorization, x-csrf-token`. */
  readonly headers?: readonly string[] | undefined
  /** Response headers that they may read. Default `X-Total-Count, X-Page-Count, Retry-After, RateLimit, RateLimit-Policy, X-Request-Id`. */
  readonly exposed?: readonly string[] | undefined
  /** How long a browser may remember the answer to a preflight. Default 24 hours; browsers do not keep it for longer. */
  readonly maxAge?: Duration | undefined
}

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']
/** Everybody may read; who may change something has to be said. */
const READING = ['GET']
const HEADERS = ['content-type', 'authorization', 'x-csrf-token']
const EXPOSED = ['X-Total-Count', 'X-Page-Count', 'Retry-After', 'RateLimit', 'RateLimit-Policy', 'X-Request-Id']
const TOKEN = /^[\w!#$%&'+.^`|~-]{1,64}$/

type Line = HeaderList[number]
const EVERYBODY: Line = ['access-control-allow-origin', '*']
const CREDENTIALS: Line = ['access-control-allow-credentials', 'true']
const VARY: Line = ['vary', 'Origin']
const ONLY_VARY: HeaderList = [VARY]
const VARY_PREFLIGHT: Line = ['vary', 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers']

/**
 * Lets pages of listed origins read responses, and answers their preflights. A preflight of another origin is refused with 403; its
 * simple requests go on and cannot be read. This says who may read, not who may write: what changes something is `csrf`'s.
 * Goes on the application, so that refusals and errors can be read too: as the option `cors` of `baseline`, or after it.
 *
 * @throws {@link ConfigurationError} `invalid_options`
 * @see {@link https://fetch.spec.whatwg.org/#http-cors-protocol | Fetch, CORS protocol}
 *
 * @example
 * ```ts
 * import { cors } from '@wardstone/http'
 *
 * export const guard = cors({ origins: ['https://app.example.com', 'https://*.preview.example.com'], maxAge: '10m' })
 * ```
 */
export function cors(options: CorsOptions & SiteOptions): Guard {
  return guardOf(readOptions('cors', options, (o) => readCors(o, readSite(o))))
}

/** The part of `baseline`, and what others have to know of it. */
export interface CorsPart extends Part {
  /** Every origin may read. */
  readonly everybody: boolean
  /** Pages of the listed origins may send cookies. */
  readonly credentials: boolean
  /** What preflights allow. */
  readonly methods: readonly string[]
  readonly headers: readonly string[]
  /** Whether an origin may send cookies and read what comes of it: then it may as well write. */
  trusts(origin: string): boolean
}

/** The same as a part of `baseline`. */
export function readCors(o: OptionReader, site: Site): CorsPart {
  const given = readOrigins(o, 'origins')
  const credentials = o.oneOf('credentials', [true, false], true)
  const methods = readTokens(o, 'methods', given?.everybody === true ? READING : METHODS)
  const allowed = readTokens(o, 'headers', HEADERS)
  const exposed = readTokens(o, 'exposed', EXPOSED)
  const maxAge = String(Math.floor(o.duration('maxAge', '24h') / 1000))
  const everybody = given?.everybody ?? false
  checkMethods(o, methods)
  if (given === undefined)
    o.problem('origins', 'expected origins such as ["https://app.example.com"], by environment or originList()')
  else if (credentials && everybody) o.problem('origins', 'expected credentials: false beside "*": browsers refuse both together')
  else if (credentials && given.isPlain && given.list.size === 0)
    o.problem('origins', 'credentials without origins: list some, or set credentials: false')

  const preflight: Refused = {
    ok: false,
    reply: {
      status: 204,
      headers: [
        ...(credentials ? [CREDENTIALS] : []),
        ...line('access-control-allow-methods', methods),
        ...line('access-control-allow-headers', allowed),
        ['access-control-max-age', maxAge],
      ],
    },
  }
  const readable: HeaderList = [...(credentials ? [CREDENTIALS] : []), ...line('access-control-expose-headers', exposed)]
  const listed = (origin: string): boolean => given?.list.has(origin) === true || site.isOwn(origin)

  return {
    everybody,
    credentials,
    methods: isList(methods) ? methods : [],
    headers: isList(allowed) ? allowed : [],
    trusts: (origin) => credentials && listed(origin),
    ...(everybody ? {} : { head: () => keepVary }),
    apply(ctx, headers) {
      const origin = ctx.header('origin')
      const asks = origin !== undefined && isPreflight(ctx)
      if (everybody) {
        // The same for everybody, and so is a cached copy of it.
        headers.push(EVERYBODY)
        if (asks) return preflight
        headers.push(...readable)
        return undefined
      }
      // Also without an origin and for one that is not listed: a cache must not hand such an answer to a page that may read.
      headers.push(asks ? VARY_PREFLIGHT : VARY)
      if (origin === undefined) return undefined
      if (!listed(origin)) return asks ? refuse(ctx, origin, site) : undefined
      headers.push(['access-control-allow-origin', origin])
      if (asks) return preflight
      for (const constant of readable) headers.push(constant)
      return undefined
    },
  }
}

/** A handler or a package that sets `Vary` itself replaces what stood there. One hook for all responses: it knows nothing of them. */
const keepVary: HeadHook = (view) => {
  const vary = view.header('vary')
  if (vary !== undefined && (vary === 'Origin' || vary.startsWith('Origin,') || /(?:^|,)\s*(?:origin|\*)\s*(?:,|$)/i.test(vary)))
    return undefined
  return ONLY_VARY
}

/** A browser asks; `OPTIONS` alone may be anybody's, and the application may have an answer to it. */
function isPreflight(ctx: HttpContext): boolean {
  return ctx.method === 'OPTIONS' && ctx.header('access-control-request-method') !== undefined
}

function refuse(ctx: HttpContext, origin: string, site: Site): Refused {
  const data = { ...crossOriginData(ctx), reason: 'origin_unlisted' } as const
  site.report({ name: 'malicious_cors', severity: 'warn', client: clientFacts(ctx), data })
  const why = `the preflight came from ${quoted(origin)}, which cors.origins does not list`
  return deny(ctx, { status: 403, code: 'cors_origin_refused' }, why)
}

/** Names of methods or headers, as they will be sent. */
function readTokens(o: OptionReader, name: string, fallback: readonly string[]): readonly string[] {
  const isToken = (v: unknown): boolean => typeof v === 'string' && TOKEN.test(v)
  const expected = 'expected a list of names; "*" does not count where there are credentials'
  return o.value<readonly string[]>(name, expected, (v) => Array.isArray(v) && v.every(isToken)) ?? fallback
}

/** Browsers compare methods by letter and upper-case only some: `patch` would never match. */
function checkMethods(o: OptionReader, methods: readonly string[]): void {
  if (!isList(methods)) return
  if (methods.length === 0) o.problem('methods', 'expected at least one method')
  if (methods.some((method) => /[a-z]/.test(method))) o.problem('methods', 'expected upper case: PATCH, not patch')
  if (methods.some((method) => /^(?:CONNECT|TRACE|TRACK)$/i.test(method)))
    o.problem('methods', 'CONNECT, TRACE and TRACK are never sent by pages')
}

/** Also when a wrong value has been reported: reading goes on, so that all problems are found. */
function isList(values: readonly string[]): boolean {
  return Array.isArray(values) && values.every((value: unknown) => typeof value === 'string')
}

function line(name: Lowercase<string>, values: readonly string[]): readonly Line[] {
  return isList(values) && values.length > 0 ? [[name, values.join(', ')]] : []
}
