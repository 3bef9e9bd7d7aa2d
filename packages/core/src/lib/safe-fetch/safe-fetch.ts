import type { Duration } from '../duration.ts'
import { readOptions } from '../options.ts'
import { readAllowList, type AllowedHost, type AllowList, type OutboundHost } from './allow-list.ts'
import { exchange, type Incoming, type Outgoing, type OutboundTls, type Transport } from './exchange.ts'
import { systemResolve, type Resolve } from './lookup.ts'
import { failed, OutboundError } from './outbound-error.ts'
import { locationOf, redirected, redirectRefused } from './redirect.ts'
import { outgoing, type SafeFetchInit } from './request.ts'

/** Options of {@link createSafeFetch}. */
export interface SafeFetchOptions {
  /**
   * The hosts that may be asked: `api.example.com`, `*.hooks.example.com:8443` for everything below, an address. Without a port,
   * only that of the scheme.
   */
  readonly hosts: ReadonlyArray<string | OutboundHost>
  /** How long all of it may take: name, connection, TLS, redirects and the whole answer. Default `10s`. */
  readonly timeout?: Duration | undefined
  /** How many bytes of an answer's body are read. Default 1 MiB. */
  readonly maxBytes?: number | undefined
  /** How many redirects are followed, to listed hosts. Default 0: each is refused. At most 5. */
  readonly redirects?: number | undefined
  /** Whether `http:` is allowed, too, as between containers in development. Default `false`. */
  readonly insecure?: boolean | undefined
  /**
   * Whether names may lead to the own machine and network: loopback, private, shared and unique local addresses. Default `false`.
   * Link-local addresses, metadata services of clouds, multicast and reserved addresses are refused always.
   */
  readonly privateNetwork?: boolean | undefined
  /**
   * Whom to believe (`ca`, in place of the system's) and who we are (`cert`, `key`), or a function that is asked for each connection,
   * since certificates change: `() => tls.clientOptions()`.
   */
  readonly tls?: OutboundTls | (() => OutboundTls) | undefined
}

/**
 * Asks a listed host, and resolves with the whole answer. An answer with an error status is an answer.
 *
 * @throws {@link OutboundError} each of its codes
 * @throws {@link InvalidArgumentError} `invalid_argument` for a method, header or body that cannot be sent
 */
export type SafeFetch = (url: string | URL, init?: SafeFetchInit) => Promise<Response>

/**
 * Makes a `fetch` for URLs that somebody else may have chosen: webhooks, key sets, avatars. Only listed hosts are asked; the
 * address that a name leads to is judged in the moment of connecting, so a name that changes its address gets nowhere (SSRF by DNS
 * rebinding); redirects are held to the same rules and take no credentials to another origin; an answer that is slow, endless or
 * compressed ends where it is said.
 *
 * @throws {@link ConfigurationError} `invalid_options`
 * @see {@link https://cheatsheetseries.owasp.org/cheatsheets/Server_Side_Request_Forgery_Prevention_Cheat_Sheet.html | OWASP: SSRF}
 *
 * @example
 * ```ts
 * import { createSafeFetch } from '@wardstone/core'
 *
 * const safeFetch = createSafeFetch({ hosts: ['api.example.com', '*.hooks.example.com:8443'], timeout: '5s' })
 *
 * export async function notify(hook: string, event: unknown): Promise<boolean> {
 *   const headers = { 'content-type': 'application/json' }
 *   const response = await safeFetch(hook, { method: 'POST', headers, body: JSON.stringify(event) })
 *   return response.ok
 * }
 * ```
 */
export function createSafeFetch(options: SafeFetchOptions): SafeFetch {
  return createSafeFetchWith(systemResolve, options)
}

/** The same with another way from names to addresses, for tests. */
export function createSafeFetchWith(resolve: Resolve, options: SafeFetchOptions): SafeFetch {
  const { list, limitMs, redirects, transport } = readOptions('createSafeFetch', options, (o) => {
    const limitMs = o.duration('timeout', '10s')
    if (limitMs < 1 || limitMs > 600_000) o.problem('timeout', 'expected 1ms to 10m')
    const expected = 'expected { ca, cert, key, minVersion, secureContext }, or a function that returns them'
    const tls = o.value<SafeFetchOptions['tls']>('tls', expected, isTls) ?? {}
    return {
      list: readAllowList(o),
      limitMs,
      redirects: o.integer('redirects', { min: 0, max: 5 }, 0),
      transport: {
        resolve,
        maxBytes: o.integer('maxBytes', { min: 0, max: 1024 ** 3 }, 1024 ** 2),
        tls: typeof tls === 'function' ? tls : () => tls,
      },
    }
  })
  return async (url, init) => {
    const request = outgoing(url, init)
    const host = list.find(request.url)
    if (host === undefined) throw hostRefused(request.url)
    const { signal } = init ?? {}
    signal?.throwIfAborted()
    const deadline = new AbortController()
    const late = setTimeout(() => deadline.abort(timedOut(request.url, limitMs)), limitMs)
    try {
      const both = signal == null ? deadline.signal : AbortSignal.any([signal, deadline.signal])
      return responseOf(await follow(request, host, redirects, list, transport, both), request.url)
    } finally {
      clearTimeout(late)
    }
  }
}

async function follow(
  first: Outgoing,
  firstHost: AllowedHost,
  redirects: number,
  list: AllowList,
  transport: Transport,
  signal: AbortSignal,
): Promise<Incoming> {
  let [request, host] = [first, firstHost]
  for (let left = redirects; ; left--) {
    const answer = await exchange(request, host, transport, signal)
    const location = locationOf(answer.status, answer.headers)
    if (location === undefined) return answer
    if (left === 0) throw redirectRefused(request.url, `is not followed: ${redirects} are allowed`)
    const next = redirected(request, answer.status, location)
    const nextHost = list.find(next.url)
    if (nextHost === undefined) throw redirectRefused(request.url, 'leads to a host that is not listed')
    ;[request, host] = [next, nextHost]
  }
}

/** The standard forbids a body here, even an empty one. */
const BODILESS: ReadonlySet<number> = new Set([204, 205, 304])

function responseOf({ status, headers, body }: Incoming, url: URL): Response {
  try {
    return new Response(BODILESS.has(status) ? null : body, { status, headers })
  } catch {
    throw failed(url.hostname, undefined) // a status such as 999
  }
}

function hostRefused(url: URL): OutboundError {
  const host = `${url.protocol}//${url.host}`.slice(0, 300)
  return new OutboundError('outbound_host_refused', `${host} is not among the hosts that may be asked`)
}

function timedOut(url: URL, limitMs: number): OutboundError {
  return new OutboundError('outbound_timeout', `${url.hostname}: no whole answer within ${limitMs} ms`, true)
}

const TLS_NAMES: ReadonlySet<string> = new Set(['ca', 'cert', 'key', 'minVersion', 'secureContext'])

function isTls(value: unknown): boolean {
  if (typeof value === 'function') return true
  // Nothing else, `rejectUnauthorized: false` least of all.
  return typeof value === 'object' && value !== null && Object.keys(value).every((name) => TLS_NAMES.has(name))
}
