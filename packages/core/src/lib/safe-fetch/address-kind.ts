import { BlockList, isIP } from 'node:net'
import { parseAddress } from '../address.ts'

/**
 * Whom an address belongs to: everybody, the own machine or network (asked only where the configuration says so), or nobody
 * that a request could be meant for (never asked): link-local with the metadata services of clouds, multicast, reserved,
 * examples, tunnels.
 */
export type AddressKind = 'public' | 'private' | 'never'

/**
 * The kind of an address, in whatever text it comes.
 *
 * @see {@link https://www.iana.org/assignments/iana-ipv4-special-registry | IANA special-purpose IPv4 addresses}
 * @see {@link https://www.iana.org/assignments/iana-ipv6-special-registry | IANA special-purpose IPv6 addresses}
 */
export function addressKind(text: string): AddressKind {
  const address = parseAddress(text)
  if (address === undefined) return 'never'
  if (isIP(address) === 4) return NEVER.check(address) ? 'never' : PRIVATE.check(address) ? 'private' : 'public'
  if (NEVER.check(address, 'ipv6')) return 'never'
  if (PRIVATE.check(address, 'ipv6')) return 'private'
  // A network without IPv4 reaches all of it this way, the forbidden parts too. (RFC 6052)
  if (NAT64.check(address, 'ipv6')) return addressKind(lastBitsOf(address))
  return GLOBAL.check(address, 'ipv6') ? 'public' : 'never'
}

const PRIVATE = blocks(
  '10.0.0.0/8 172.16.0.0/12 192.168.0.0/16',
  '127.0.0.0/8 ::1/128',
  '100.64.0.0/10', // carriers and container networks
  'fc00::/7', // unique local
)

const NEVER = blocks(
  '0.0.0.0/8', // "this host": Linux connects it to itself
  '169.254.0.0/16 fe80::/10', // link-local: 169.254.169.254 hands out a machine's credentials
  'fd00:ec2::/32 100.100.100.200/32 168.63.129.16/32', // the same of AWS, Alibaba and Azure
  '192.0.0.0/24', // protocol assignments; 192.0.0.192 is Oracle's metadata service
  '192.0.2.0/24 198.51.100.0/24 203.0.113.0/24 2001:db8::/32 3fff::/20', // documentation
  '198.18.0.0/15', // benchmarks
  '192.88.99.0/24 2002::/16', // 6to4: an IPv4 address of one's choice inside
  '2001::/23', // Teredo, likewise, and other protocols
  '224.0.0.0/4 ff00::/8', // multicast
  '240.0.0.0/4', // reserved, and broadcast
)

const NAT64 = blocks('64:ff9b::/96')
/** All that is assigned to anybody in the world of IPv6. */
const GLOBAL = blocks('2000::/3')

function blocks(...lines: readonly string[]): BlockList {
  const list = new BlockList()
  for (const entry of lines.join(' ').split(' ')) {
    const [address = '', bits] = entry.split('/')
    list.addSubnet(address, Number(bits), isIP(address) === 6 ? 'ipv6' : 'ipv4')
  }
  return list
}

/** The IPv4 address in the last 32 bits. */
function lastBitsOf(address: string): string {
  if (address.includes('.')) return address.slice(address.lastIndexOf(':') + 1)
  const [head = '', tail = ''] = address.split('::')
  const after = tail === '' ? [] : tail.split(':')
  const before = head === '' ? [] : head.split(':')
  const groups = address.includes('::')
    ? [...before, ...Array.from({ length: 8 - before.length - after.length }, () => '0'), ...after]
    : before
  return groups
    .slice(6)
    .map((group) => Number.parseInt(group, 16))
    .flatMap((word) => [word >> 8, word & 255])
    .join('.')
}
