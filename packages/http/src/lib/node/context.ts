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
 * matched route, its parameters and the framework's own request.
 */
export abstract class NodeContext<Raw> implements HttpContext<Raw> {
  abstract readonly route: string | undefined
  abstract readonly raw: Raw
  abstract param(name: string): string | undefined

  readonly state = new RequestState()
  readonly #message: IncomingMessage

  constructor(message: IncomingMessage) {
    this.#message = message
  }

  get method(): string {
    return this.#message.method ?? 'GET'
  }

  get path(): string {
    // Routers shorten `url` below their mount point and keep the whole in `originalUrl`.
    const target = (this.#message as { readonly originalUrl?: string }).originalUrl ?? this.#message.url ?? '/'
    const start = target.startsWith('/') ? 0 : pathStart(target)
    const end = target.indexOf('?', start)
    return (end < 0 ? target.slice(start) : target.slice(start, end)) || '/'
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
    const value = this.#message.headers[name]
    return typeof value === 'object' ? value.join(', ') : value
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

/** Where the path begins in an absolute request target (`GET http://host/path`); `*` and the like are paths themselves. */
function pathStart(target: string): number {
  const scheme = target.indexOf('://')
  if (scheme < 0) return 0
  const slash = target.indexOf('/', scheme + 3)
  return slash < 0 ? target.length : slash
}
