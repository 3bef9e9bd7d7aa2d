import { parseAddress, type Principal } from '@wardstone/core'
import { originKey, principalKey, type HttpContext } from '../context.ts'
import { readCookie } from '../cookie.ts'
import { pathOf, REPEATS, SINGULAR, TARGET } from '../request.ts'
import { cspNonce as nonceOf } from '../secure-headers/nonce.ts'
import { RequestState } from '../state.ts'

/** What a `Request` does not tell and its host knows. */
export interface WebFacts {
  /** The other end of the connection: `server.requestIP(request)?.address` on Bun, `cf-connecting-ip` on Workers. */
  readonly ip?: string | undefined
  /** Whether the connection is TLS. Default: whether the URL is of `https`. */
  readonly secure?: boolean | undefined
  /** The pattern of the matched route, such as `/posts/:id`. */
  readonly route?: string | undefined
  /** Its parameters, decoded. */
  readonly params?: Readonly<Record<string, string | undefined>> | undefined
}

class WebContext implements HttpContext<Request> {
  readonly state = new RequestState()
  readonly raw: Request
  #facts: WebFacts = {}

  constructor(request: Request) {
    this.raw = request
  }

  learn(facts: WebFacts): void {
    this.#facts = { ...this.#facts, ...facts }
  }

  get method(): string {
    return this.raw.method
  }

  get [TARGET](): string {
    return this.raw.url
  }

  get path(): string {
    return pathOf(this.raw.url)
  }

  get route(): string | undefined {
    return this.#facts.route
  }

  get ip(): string | undefined {
    const decided = this.state.get(originKey)
    if (decided !== undefined) return decided.ip
    return this.#facts.ip === undefined ? undefined : parseAddress(this.#facts.ip)
  }

  get secure(): boolean {
    return this.state.get(originKey)?.secure ?? this.#facts.secure ?? this.raw.url.startsWith('https:')
  }

  header(name: Lowercase<string>): string | undefined {
    const value = this.raw.headers.get(name) ?? undefined
    // Lines of one name are joined before anybody can count them, and nothing that is sent once holds a comma here. (Digest
    // credentials do: read those from the request itself.)
    return SINGULAR.has(name) && value?.includes(',') === true ? undefined : value
  }

  [REPEATS](name: string): boolean {
    return this.raw.headers.get(name)?.includes(',') === true
  }

  /** Some runtimes join two lines of cookies by a comma, which a value may hold too. A cookie counts if both readings agree. */
  cookie(name: string): string | undefined {
    const header = this.raw.headers.get('cookie') ?? undefined
    const value = readCookie(header, name)
    return value !== undefined && readCookie(header?.replaceAll(', ', '; '), name) === value ? value : undefined
  }

  param(name: string): string | undefined {
    const { params } = this.#facts
    return params !== undefined && Object.hasOwn(params, name) ? params[name] : undefined
  }
}

/** On the request itself, and the same in every copy of this package that is installed: all must know what one finds out. */
const CONTEXT: unique symbol = Symbol.for('wardstone.http.context')

/**
 * The {@link HttpContext} of a request: one and the same for everything that asks.
 *
 * @param facts - added to what is known
 *
 * @example
 * ```ts
 * import { clientFacts } from '@wardstone/http'
 * import { contextOf } from '@wardstone/http/web'
 *
 * export const client = (request: Request) => clientFacts(contextOf(request))
 * ```
 */
export function contextOf(request: Request, facts?: WebFacts): HttpContext<Request> {
  const carrier = request as Request & { [CONTEXT]?: WebContext }
  const context = (carrier[CONTEXT] ??= new WebContext(request))
  if (facts !== undefined) context.learn(facts)
  return context
}

/**
 * Who the request speaks for, or `undefined` when no guard has found out.
 *
 * @typeParam C - the application's own claims, as the guard's verifier is typed
 *
 * @example
 * ```ts
 * import { principal } from '@wardstone/http/web'
 *
 * export const accountId = (request: Request): string | undefined => principal(request)?.id
 * ```
 */
export function principal<C = unknown>(request: Request): Principal<C> | undefined {
  return contextOf(request).state.get(principalKey) as Principal<C> | undefined
}

/**
 * The nonce of the response, for the inline scripts and styles of its page. Made when it is first asked for; see `cspNonce`
 * of `@wardstone/http`.
 *
 * @throws {@link InvalidArgumentError} `invalid_argument` without a policy for pages
 *
 * @example
 * ```ts
 * import { cspNonce } from '@wardstone/http/web'
 *
 * export const page = (request: Request) =>
 *   new Response(`<script nonce="${cspNonce(request)}">start()</script>`, { headers: { 'content-type': 'text/html' } })
 * ```
 */
export function cspNonce(request: Request): string {
  return nonceOf(contextOf(request))
}
