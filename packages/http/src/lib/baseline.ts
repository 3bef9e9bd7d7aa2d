import { randomUUID } from 'node:crypto'
import { clientAddress, ConfigurationError, readOptions, trustedProxies } from '@wardstone/core'
import type { OptionReader, TrustedProxies } from '@wardstone/core'
import { originKey, requestIdKey, type HttpContext } from './context.ts'
import type { Guard } from './decision.ts'
import type { HeaderList } from './headers.ts'

/** Options of {@link baseline}. */
export interface BaselineOptions {
  /**
   * The proxies in front of the application: addresses and CIDR blocks, or a number of hops. Only they may say where a
   * request came from, whether it came over TLS, and what its id is. Default: nobody.
   */
  readonly trustedProxies?: readonly string[] | number | undefined
  /** Headers for every response, by lower-case name, over the defaults; `false` leaves one out. */
  readonly headers?: Readonly<Record<Lowercase<string>, string | false>> | undefined
}

const DEFAULTS: Readonly<Record<Lowercase<string>, string>> = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'x-xss-protection': '0',
  'referrer-policy': 'strict-origin-when-cross-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
}
const TRANSPORT = 'strict-transport-security'
const INBOUND_ID = /^[\w.-]{8,128}$/

/**
 * What every response of an application gets, errors and 404 included: the client's address is decided once, the request
 * gets an id, and constant headers are set. Goes on the application, before anything else.
 *
 * @throws {@link ConfigurationError} `invalid_options`
 *
 * @example
 * ```ts
 * import { baseline } from '@wardstone/http'
 *
 * export const guard = baseline({ trustedProxies: ['10.0.0.0/8'], headers: { 'x-frame-options': 'SAMEORIGIN' } })
 * ```
 */
export function baseline(options: BaselineOptions = {}): Guard {
  const settings = readOptions('baseline', options, (o) => ({
    trusted: readTrusted(o),
    headers: o.value<BaselineOptions['headers']>('headers', 'expected lower-case names with texts, or false', isHeaderBag) ?? {},
  }))
  const plain = listed({ ...DEFAULTS, ...settings.headers }, TRANSPORT)
  const transport = settings.headers[TRANSPORT] ?? 'max-age=31536000; includeSubDomains'
  const { trusted } = settings

  return function baselineGuard(ctx) {
    const peer = ctx.ip
    const fromProxy = !trusted.none && peer !== undefined && trusted.trusts(peer, 0)
    const secure = ctx.secure || (fromProxy && lastOf(ctx.header('x-forwarded-proto')) === 'https')
    const ip = fromProxy ? clientAddress(peer, ctx.header('x-forwarded-for'), trusted) : peer
    ctx.state.set(originKey, { ip, secure })
    const id = (fromProxy ? inboundId(ctx) : undefined) ?? randomUUID()
    ctx.state.set(requestIdKey, id)
    // RFC 6797 section 7.2: never over plain http, where anybody on the way could set it.
    const headers: Array<HeaderList[number]> = [['x-request-id', id], ...plain]
    if (secure && transport !== false) headers.push([TRANSPORT, transport])
    return { ok: true, headers }
  }
}

/** Problems of the list stand beside those of the other options. */
function readTrusted(options: OptionReader): TrustedProxies {
  const given = options.value<readonly string[] | number>('trustedProxies', '', () => true)
  try {
    return trustedProxies(given ?? [])
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    for (const { option, expected } of error.problems) options.problem(option, expected)
    return trustedProxies([])
  }
}

function inboundId(ctx: HttpContext): string | undefined {
  const id = ctx.header('x-request-id')
  return id !== undefined && INBOUND_ID.test(id) ? id : undefined
}

/** The nearest proxy writes last. */
function lastOf(list: string | undefined): string | undefined {
  return list?.slice(list.lastIndexOf(',') + 1).trim()
}

function listed(headers: Readonly<Record<string, string | false>>, except: string): HeaderList {
  return Object.entries(headers).filter(([name, value]) => value !== false && name !== except) as unknown as HeaderList
}

function isHeaderBag(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  return Object.entries(value).every(
    ([name, text]) =>
      /^[a-z0-9-]+$/.test(name) && (text === false || (typeof text === 'string' && /^[\t\x20-\x7e]+$/.test(text))),
  )
}
