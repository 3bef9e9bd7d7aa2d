import { randomUUID } from 'node:crypto'
import { clientAddress, ConfigurationError, trustedProxies, type OptionReader, type TrustedProxies } from '@wardstone/core'
import { originKey, requestIdKey, type HttpContext } from './context.ts'
import type { Part } from './part.ts'

/** Who is asking. */
export interface ClientOptions {
  /**
   * The proxies in front of the application: addresses and CIDR blocks, or a number of hops. Only they may say where a
   * request came from, whether it came over TLS, and what its id is. Default: nobody.
   */
  readonly trustedProxies?: readonly string[] | number | undefined
}

const INBOUND_ID = /^[\w.-]{8,128}$/

/** Decides the client's address and whether it speaks TLS, once for everybody, and gives the request its id. */
export function readClient(o: OptionReader): Part {
  const trusted = readTrusted(o)
  return {
    apply(ctx, headers) {
      const peer = ctx.ip
      const fromProxy = !trusted.none && peer !== undefined && trusted.trusts(peer, 0)
      const secure = ctx.secure || (fromProxy && lastOf(ctx.header('x-forwarded-proto')) === 'https')
      const ip = fromProxy ? clientAddress(peer, ctx.header('x-forwarded-for'), trusted) : peer
      ctx.state.set(originKey, { ip, secure })
      const id = (fromProxy ? inboundId(ctx) : undefined) ?? randomUUID()
      ctx.state.set(requestIdKey, id)
      headers.push(['x-request-id', id])
      return undefined
    },
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
