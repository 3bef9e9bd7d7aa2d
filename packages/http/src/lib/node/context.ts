import type { IncomingMessage } from 'node:http'
import type { TLSSocket } from 'node:tls'
import { parseAddress } from '@wardstone/core'
import { originKey, type HttpContext } from '../context.ts'
import { readCookie } from '../cookie.ts'
import { RequestState } from '../state.ts'

/** Headers that say who asks or which site is meant: of two values, either may be the attacker's. */
const SINGULAR: ReadonlySet<string> = new Set(['authorization', 'origin', 'host'])

/**
 * The request of any framework that stands on `node:http`. An adapter extends it by what only the framework knows: the
 * matched route and its parameters.
 */
export abstract class NodeContext<Raw> implements HttpContext<Raw> {
  abstract readonly route: string | undefined
  abstract param(name: string): string | undefined

  readonly state = new RequestState()
  readonly raw: Raw
  readonly #message: IncomingMessage

  /** @param raw - the framework's own request */
  constructor(message: IncomingMessage, raw: Raw) {
    this.#message = message
    this.raw = raw
  }

  get method(): string {
    return this.#message.method ?? 'GET'
  }

  get path(): string {
    // Routers shorten `url` below their mount point and keep the whole in `originalUrl`.
    return pathOf((this.#message as { readonly originalUrl?: string }).originalUrl ?? this.#message.url ?? '/')
  }

  get ip(): string | undefined {
    const decided = this.state.get(originKey)
    if (decided !== undefined) return decided.ip
    const address = this.#message.socket.remoteAddress
    return address === undefined ? undefined : parseAddress(address)
  }

  get secure(): boolean {
    return this.state.get(originKey)?.secure ?? (this.#message.socket as TLSSocket).encrypted === true
  }

  header(name: Lowercase<string>): string | undefined {
    if (SINGULAR.has(name) && this.#occurs(name) > 1) return undefined
    const value: unknown = this.#message.headers[name]
    if (typeof value === 'string') return value
    return Array.isArray(value) ? value.join(', ') : undefined
  }

  cookie(name: string): string | undefined {
    return readCookie(this.#message.headers.cookie, name)
  }

  /** Node keeps the first of these lines and hides that there were more; the raw list has them all. */
  #occurs(name: string): number {
    const raw = this.#message.rawHeaders
    let count = 0
    for (let i = 0; i < raw.length; i += 2) {
      const written = raw[i] as string
      if (written.length === name.length && written.toLowerCase() === name) count++
    }
    return count
  }
}

/** The path of a request target, which may be absolute (`GET http://host/path`) or no path at all (`OPTIONS *`). */
function pathOf(target: string): string {
  // Also at `#`, which no honest client sends and every router cuts off.
  const end = target.search(/[?#]/)
  const whole = end < 0 ? target : target.slice(0, end)
  if (whole.startsWith('/')) return whole
  const scheme = whole.indexOf('://')
  if (scheme < 0) return whole
  const slash = whole.indexOf('/', scheme + 3)
  return slash < 0 ? '/' : whole.slice(slash)
}
