import { readBits, sharePrefix, type AddressBits } from './address-bits.ts'
import { ConfigurationError, type OptionProblem } from './error.ts'
import { PROXY_PRESETS, type ProxyPreset } from './proxy-presets.ts'

/** Decides whether the machine at an address, so many hops from us, may say where a request came from. */
export interface TrustedProxies {
  /** Whether nobody is trusted: the socket's address is the client's. */
  readonly none: boolean
  /** `address` is canonical, or empty for a socket without addresses; `hop` is 0 for the machine that holds the socket. */
  trusts(address: string, hop: number): boolean
}

/**
 * The proxies in front of an application: {@link ProxyPreset | presets}, addresses and CIDR blocks, or a number of hops, 0 to 10. Hops
 * are for when nobody can reach the application but through all of them; who can, is believed. What to write:
 *
 * - nginx or another proxy on the same machine: `['loopback']`; through a Unix socket, which has no addresses: `1`
 * - an ALB of AWS: the blocks of the subnets that it stands in, `['10.0.1.0/24', '10.0.2.0/24']`; behind CloudFront, hops: `2`
 * - an NLB with client addresses preserved, its default for instances: `[]`. It passes on what clients write, so it is no proxy to trust
 * - an ingress in Kubernetes: the block of its pods (`['10.244.0.0/16']`) or `['private']`, with `externalTrafficPolicy: Local` before it
 */
export type TrustedProxiesInput = ReadonlyArray<ProxyPreset | (string & {})> | number

interface Block {
  readonly bits: AddressBits
  readonly prefix: number
}

/**
 * Compiles the list of proxies in front of the application. There is no way to trust everything, since then anybody chooses the
 * address that limits and audit see. IPv4-mapped blocks are IPv4 blocks.
 *
 * @throws {@link ConfigurationError} `invalid_options` for what is neither, or covers all addresses; all wrong entries at once.
 *
 * @example
 * ```ts
 * import { trustedProxies } from '@wardstone/core'
 *
 * export const ours = trustedProxies(['cloudflare', '10.0.0.0/8', '2001:db8:1::/48'])
 * ```
 */
export function trustedProxies(spec: TrustedProxiesInput): TrustedProxies {
  if (typeof spec === 'number') {
    if (!Number.isInteger(spec) || spec < 0 || spec > 10) refuse('expected 0 to 10 hops, or a list of addresses and CIDR blocks')
    return { none: spec === 0, trusts: (_address, hop) => hop < spec }
  }
  if (!Array.isArray(spec))
    refuse('expected a list of addresses and CIDR blocks, or a number of hops; everything cannot be trusted')
  const problems: OptionProblem[] = []
  const blocks = spec.flatMap((entry: unknown, i) => {
    const read = typeof entry === 'string' ? readEntry(entry) : WRONG
    if (typeof read !== 'string') return read
    problems.push({ option: 'trustedProxies', expected: `entry ${i + 1}: ${read}` })
    return []
  })
  if (problems.length > 0) throw new ConfigurationError('trustedProxies', problems)
  return {
    none: blocks.length === 0,
    trusts(address) {
      const bits = readBits(address)
      return bits !== undefined && blocks.some((block) => sharePrefix(bits, block.bits, block.prefix))
    },
  }
}

const WRONG = `expected an address, a CIDR block such as 10.0.0.0/8, or one of ${Object.keys(PROXY_PRESETS).join(', ')}`
const NAME = `${WRONG}; a host name is none of them, since whoever answers for it would choose whom you trust: write the block that your proxies stand in`
const TOO_WIDE = 'everything cannot be trusted: list the proxies that stand in front of the application'

/** The blocks that an entry means, or what is wrong with it. */
function readEntry(entry: string): readonly Block[] | string {
  const blocks: Block[] = []
  for (const text of Object.hasOwn(PROXY_PRESETS, entry) ? PROXY_PRESETS[entry as ProxyPreset] : [entry]) {
    const block = readBlock(text)
    if (typeof block === 'string') return block
    blocks.push(block)
  }
  return blocks
}

function readBlock(entry: string): Block | string {
  const [text = '', length, ...rest] = entry.split('/')
  const bits = readBits(text)
  if (bits === undefined) return /[g-z]/i.test(text) ? NAME : WRONG
  const written = text.includes(':') ? 128 : 32
  const given = length === undefined ? written : /^\d{1,3}$/.test(length) ? Number(length) : -1
  if (rest.length > 0 || given < 0 || given > written) return WRONG
  // ::ffff:10.0.0.0/104 is 10.0.0.0/8. Less than 96 bits of a mapped address are every IPv4 address and more.
  const prefix = bits.length === 2 && written === 128 ? given - 96 : given
  // The widest blocks that anybody owns are 10.0.0.0/8 and fc00::/7. Wider ones are everything, in halves.
  return prefix < (bits.length === 2 ? 8 : 7) ? TOO_WIDE : { bits, prefix }
}

function refuse(expected: string): never {
  throw new ConfigurationError('trustedProxies', [{ option: 'trustedProxies', expected }])
}
