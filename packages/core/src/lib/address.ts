import { BlockList, isIP, SocketAddress } from 'node:net'
import { ConfigurationError } from './error.ts'

const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i
const WITH_PORT = /^(?:\[([^\]]+)\](?::\d{1,5})?|(\d+\.\d+\.\d+\.\d+):\d{1,5})$/

/**
 * Reads an address as proxies write it (`203.0.113.7`, `203.0.113.7:4711`, `[2001:db8::1]:443`, `fe80::1%eth0`) into its
 * one canonical text, an IPv4-mapped IPv6 address as IPv4. `undefined` for anything else.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc5952 | RFC 5952}
 */
export function parseAddress(text: string): string | undefined {
  if (text.length > 100) return undefined
  const ported = WITH_PORT.exec(text)
  const bare = ported?.[1] ?? ported?.[2] ?? text
  const zone = bare.indexOf('%')
  const address = zone < 0 ? bare : bare.slice(0, zone)
  const family = isIP(address)
  if (family === 4) return address
  if (family !== 6) return undefined
  const mapped = MAPPED.exec(address) // how a dual-stack socket writes every IPv4 peer: worth a way of its own
  if (mapped !== null) return mapped[1]
  const canonical = new SocketAddress({ address, family: 'ipv6' }).address
  return MAPPED.exec(canonical)?.[1] ?? canonical
}

/** Decides whether the machine at an address, so many hops from us, may say where a request came from. */
export interface TrustedProxies {
  /** Whether nobody is trusted: the socket's address is the client's. */
  readonly none: boolean
  /** `address` is canonical; `hop` is 0 for the machine that holds the socket. */
  trusts(address: string, hop: number): boolean
}

/**
 * Compiles the list of proxies in front of the application: addresses and CIDR blocks, or the number of hops. There is
 * no way to trust everything, since then anybody chooses the address that limits and audit see.
 *
 * @throws {@link ConfigurationError} `invalid_options` for what is neither, or covers all addresses.
 *
 * @example
 * ```ts
 * import { trustedProxies } from '@wardstone/core'
 *
 * export const ours = trustedProxies(['10.0.0.0/8', '2001:db8:1::/48'])
 * ```
 */
export function trustedProxies(spec: readonly string[] | number): TrustedProxies {
  if (typeof spec === 'number') {
    if (!Number.isInteger(spec) || spec < 0 || spec > 10) refuse('expected 0 to 10 hops, or a list of addresses and CIDR blocks')
    return { none: spec === 0, trusts: (_address, hop) => hop < spec }
  }
  if (!Array.isArray(spec))
    refuse('expected a list of addresses and CIDR blocks, or a number of hops; everything cannot be trusted')
  const list = new BlockList()
  for (const entry of spec) addTo(list, String(entry))
  return { none: spec.length === 0, trusts: (address) => list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4') }
}

/**
 * The client's address: from the socket outward through `X-Forwarded-For`, read from the right, to the first machine
 * that is not trusted. What is further left was written by that machine and counts for nothing.
 *
 * @param socketAddress - the address at the other end of the connection
 * @param forwardedFor - the header, lines joined by commas
 * @returns canonical text, or `undefined` when the socket is gone
 */
export function clientAddress(
  socketAddress: string | undefined,
  forwardedFor: string | undefined,
  trusted: TrustedProxies,
): string | undefined {
  let address = socketAddress === undefined ? undefined : parseAddress(socketAddress)
  if (address === undefined || trusted.none || forwardedFor === undefined) return address
  const hops = forwardedFor.split(',')
  for (let hop = 0; hops.length > 0 && trusted.trusts(address, hop); hop++) {
    const further = parseAddress((hops.pop() ?? '').trim())
    if (further === undefined) break
    address = further
  }
  return address
}

function addTo(list: BlockList, entry: string): void {
  const [text = '', bits, ...rest] = entry.split('/')
  const family = isIP(text)
  const most = family === 6 ? 128 : 32
  const prefix = bits === undefined ? most : /^\d{1,3}$/.test(bits) ? Number(bits) : -1
  if (family === 0 || rest.length > 0 || prefix < 0 || prefix > most) {
    refuse('expected addresses and CIDR blocks such as 10.0.0.0/8; names and presets are not addresses')
  }
  // The widest blocks that anybody owns are 10.0.0.0/8 and fc00::/7. Wider ones are everything, in halves.
  if (prefix < (family === 6 ? 7 : 8))
    refuse('everything cannot be trusted: list the proxies that stand in front of the application')
  list.addSubnet(text, prefix, family === 6 ? 'ipv6' : 'ipv4')
}

function refuse(expected: string): never {
  throw new ConfigurationError('trustedProxies', [{ option: 'trustedProxies', expected }])
}
