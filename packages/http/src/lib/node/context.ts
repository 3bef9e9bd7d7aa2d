import type { IncomingMessage } from 'node:http'
import type { TLSSocket } from 'node:tls'
import { parseAddress } from '@wardstone/core'
import { originKey, type HttpContext } from '../context.ts'
import { readCookie } from '../cookie.ts'
import { pathOf, REPEATS, SINGULAR, TARGET } from '../request.ts'
import { RequestState } from '../state.ts'
import { MESSAGE } from './message.ts'

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
  readonly #target: string | undefined

  /**
   * @param raw - the framework's own request
   * @param target - the whole request target, where the framework keeps it elsewhere than in `originalUrl`
   */
  constructor(message: IncomingMessage, raw: Raw, target?: string) {
    this.#message = message
    this.#target = target ?? (message as { readonly originalUrl?: string }).originalUrl ?? message.url
    this.raw = raw
  }

  /** @internal */
  get [MESSAGE](): IncomingMessage {
    return this.#message
  }

  get method(): string {
    return this.#message.method ?? 'GET'
  }

  get [TARGET](): string | undefined {
    return this.#target
  }

  get path(): string {
    return pathOf(this.#target ?? '/')
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
    const value: unknown = this.#message.headers[name]
    if (value === undefined || (SINGULAR.has(name) && this.#occurs(name) > 1)) return undefined
    if (typeof value === 'string') return value
    return Array.isArray(value) ? value.join(', ') : undefined
  }

  cookie(name: string): string | undefined {
    return readCookie(this.#message.headers.cookie, name)
  }

  [REPEATS](name: string): boolean {
    return this.#occurs(name) > 1
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
