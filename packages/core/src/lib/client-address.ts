import { parseAddress } from './address.ts'
import { eachElement, type ForwardedBy } from './forwarded.ts'
import type { TrustedProxies } from './trusted-proxies.ts'

/**
 * What is at the other end of a Unix socket, or of one that is gone. No list has it, or whoever leaves early would be trusted; hops are
 * trusted whoever is there.
 */
const NOWHERE = ''

/**
 * The client's address: from the socket outward through `X-Forwarded-For` or `Forwarded`, read from the right, to the first machine
 * that is not trusted. What is further left was written by that machine and counts for nothing. Where a proxy wrote something that
 * is no address, the way ends at that proxy: never further left.
 *
 * @param socketAddress - the address at the other end of the connection
 * @param forwarded - the header, lines joined by commas
 * @param by - which header it is. Default `x-forwarded`
 * @returns canonical text; `undefined` when the socket is gone or has no address, unless hops are trusted
 *
 * @example
 * ```ts
 * import { clientAddress, trustedProxies } from '@wardstone/core'
 *
 * const ours = trustedProxies(['10.0.0.0/8'])
 * export const client = clientAddress('10.0.0.1', '198.51.100.1, 203.0.113.7', ours) // 203.0.113.7: the rest is only said
 * ```
 */
export function clientAddress(
  socketAddress: string | undefined,
  forwarded: string | undefined,
  trusted: TrustedProxies,
  by: ForwardedBy = 'x-forwarded',
): string | undefined {
  let address = socketAddress === undefined ? undefined : parseAddress(socketAddress)
  if (trusted.none || forwarded === undefined || !trusted.trusts(address ?? NOWHERE, 0)) return address
  let hop = 0
  eachElement(forwarded, by, (element) => {
    if (element.address === undefined) return false
    address = element.address
    return trusted.trusts(address, ++hop)
  })
  return address
}

/**
 * The scheme that the nearest proxy was asked by, in lower case, as it says in `X-Forwarded-Proto` or `Forwarded`. Whoever calls this
 * has found that the machine at the socket is trusted.
 *
 * @param forwarded - the header, lines joined by commas
 *
 * @example
 * ```ts
 * import { forwardedProto } from '@wardstone/core'
 *
 * export const secure = forwardedProto('for=203.0.113.7;proto=https', 'forwarded') === 'https'
 * ```
 */
export function forwardedProto(forwarded: string | undefined, by: ForwardedBy = 'x-forwarded'): string | undefined {
  if (forwarded === undefined) return undefined
  if (by === 'x-forwarded') {
    const last = forwarded.slice(forwarded.lastIndexOf(',') + 1).replace(/^[\t ]+/, '')
    return /^[a-z][a-z\d+.-]{0,31}(?=[\t ]*$)/i.exec(last)?.[0].toLowerCase()
  }
  let proto: string | undefined
  eachElement(forwarded, by, (element) => {
    proto = element.proto
    return false
  })
  return proto
}
