import { randomUUID } from 'node:crypto'
import {
  clientAddress,
  ConfigurationError,
  forwardedProto,
  trustedProxies,
  warn,
  type ForwardedBy,
  type OptionReader,
  type TrustedProxies,
  type TrustedProxiesInput,
} from '@wardstone/core'
import { originKey, requestIdKey, type HttpContext } from './context.ts'
import type { Part } from './part.ts'

/** Who is asking. */
export interface ClientOptions {
  /**
   * The proxies in front of the application: presets, addresses and CIDR blocks, or a number of hops; `[]` says that there are none.
   * Only they may say where a request came from, whether it came over TLS, and what its id is. Default: nobody, with a warning
   * `WARDSTONE_UNTRUSTED_PROXY` when somebody says so all the same.
   */
  readonly trustedProxies?: TrustedProxiesInput | undefined
  /**
   * The headers that these proxies write, and overwrite or add to: `x-forwarded` for `X-Forwarded-For` and `X-Forwarded-Proto`,
   * `forwarded` for `Forwarded` of RFC 7239. The others are never read. Default `x-forwarded`.
   */
  readonly forwardedBy?: ForwardedBy | undefined
}

const INBOUND_ID = /^[\w.-]{8,128}$/

/** Decides the client's address and whether it speaks TLS, once for everybody, and gives the request its id. */
export function readClient(o: OptionReader): Part {
  const trusted = readTrusted(o)
  const by = o.oneOf('forwardedBy', ['x-forwarded', 'forwarded'], 'x-forwarded')
  const [addresses, scheme] = by === 'forwarded' ? (['forwarded', 'forwarded'] as const) : X_FORWARDED
  let unspoken = trusted === undefined
  let silent = false
  return {
    apply(ctx, headers) {
      const peer = ctx.ip
      const fromProxy = trusted !== undefined && !trusted.none && trusted.trusts(peer ?? '', 0)
      if (unspoken && FORWARDED.some((name) => ctx.header(name) !== undefined)) {
        unspoken = false
        warn('WARDSTONE_UNTRUSTED_PROXY', UNTRUSTED)
      }
      let [ip, secure] = [peer, ctx.secure]
      if (fromProxy) {
        ip = clientAddress(peer, ctx.header(addresses), trusted, by)
        // Also against a connection to us that is TLS: the proxy's own, while its client may have come without.
        const proto = forwardedProto(ctx.header(scheme), by)
        if (proto !== undefined) secure = TLS_SCHEMES.has(proto)
        else if (!ctx.secure && !silent) {
          silent = true
          warn('WARDSTONE_PROXY_WITHOUT_SCHEME', WITHOUT_SCHEME)
        }
      }
      ctx.state.set(originKey, { ip, secure })
      const id = (fromProxy ? inboundId(ctx) : undefined) ?? randomUUID()
      ctx.state.set(requestIdKey, id)
      headers.push(['x-request-id', id])
      return undefined
    },
  }
}

const X_FORWARDED = ['x-forwarded-for', 'x-forwarded-proto'] as const
const FORWARDED = [...X_FORWARDED, 'forwarded'] as const

/** Some proxies tell of a WebSocket's handshake by a scheme of its own. */
const TLS_SCHEMES: ReadonlySet<string> = new Set(['https', 'wss'])

const UNTRUSTED =
  'A request says by X-Forwarded-For, X-Forwarded-Proto or Forwarded where it came from, and nobody is trusted to say so: if it ' +
  'came through a proxy of yours, every client has that address and none speaks TLS. Give baseline trustedProxies: the addresses or ' +
  "blocks of your proxies, presets such as 'loopback' and 'private', or the number of hops; [] if there are none."

const WITHOUT_SCHEME =
  'A proxy of trustedProxies sent a request without X-Forwarded-Proto (or proto in Forwarded): every client counts as one without TLS, ' +
  "gets no HSTS, and with https: 'redirect' is sent in circles. Let the proxy send it: in nginx proxy_set_header X-Forwarded-Proto $scheme."

/**
 * Whether somebody says, in either header, that the client speaks TLS. Where nobody trusted says so, a redirect to TLS would come back
 * the same way, without end.
 */
export function claimsTls(ctx: HttpContext): boolean {
  const said = [forwardedProto(ctx.header('x-forwarded-proto')), forwardedProto(ctx.header('forwarded'), 'forwarded')]
  return said.some((proto) => proto !== undefined && TLS_SCHEMES.has(proto))
}

/** `undefined` when nothing was said. Problems of the list stand beside those of the other options. */
function readTrusted(options: OptionReader): TrustedProxies | undefined {
  const given = options.value<TrustedProxiesInput>('trustedProxies', '', () => true)
  if (given === undefined) return undefined
  try {
    return trustedProxies(given)
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    for (const { option, expected } of error.problems) options.problem(option, expected)
    return undefined
  }
}

function inboundId(ctx: HttpContext): string | undefined {
  const id = ctx.header('x-request-id')
  return id !== undefined && INBOUND_ID.test(id) ? id : undefined
}
