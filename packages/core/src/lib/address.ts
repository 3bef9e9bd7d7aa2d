import { isIP } from 'node:net'
import { cutBits, readBits, sharePrefix, writeBits, type AddressBits } from './address-bits.ts'
import { InvalidArgumentError } from './error.ts'

const LONGEST = 100
/** How a dual-stack socket writes every IPv4 peer: worth a way of its own. */
const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i
const WITH_PORT = /^(\d+\.\d+\.\d+\.\d+):\d{1,5}$/
const IN_BRACKETS = /^\[([^\]]+)\](?::\d{1,5})?$/
const ZONE = /^([\da-f:.]+)%[\w.~-]+$/i

/**
 * Reads an address as proxies write it (`203.0.113.7`, `203.0.113.7:4711`, `[2001:db8::1]:443`, `fe80::1%eth0`) into its
 * one canonical text, an IPv4-mapped IPv6 address as IPv4. `undefined` for anything else, also for what only some programs take for
 * an address: `127.1`, `0x7f.1`, `0177.0.0.1`.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc5952 | RFC 5952}
 *
 * @example
 * ```ts
 * import { parseAddress } from '@wardstone/core'
 *
 * export const same = parseAddress('[::ffff:7f00:1]:443') === parseAddress('127.0.0.1')
 * ```
 */
export function parseAddress(text: string): string | undefined {
  if (text.length > LONGEST) return undefined
  if (isIP(text) === 4) return text
  const inner = MAPPED.exec(text)?.[1] ?? WITH_PORT.exec(text)?.[1]
  if (inner !== undefined) return isIP(inner) === 4 ? inner : undefined
  const bits = bitsOf(text)
  return bits && writeBits(bits)
}

/** The bits of an address in any of these spellings. */
function bitsOf(text: string): AddressBits | undefined {
  if (text.length > LONGEST) return undefined
  if (isIP(text) === 4) return readBits(text)
  const ported = WITH_PORT.exec(text)?.[1]
  if (ported !== undefined) return readBits(ported)
  const bare = IN_BRACKETS.exec(text)?.[1] ?? text
  const address = ZONE.exec(bare)?.[1] ?? bare
  // Only IPv6 comes in brackets or with a zone; IPv4 without either has been seen above.
  return address.includes(':') ? readBits(address) : undefined
}

/** How many bits of an address tell one network from another. */
export interface NetworkPrefix {
  /** Of an IPv4 address, 8 to 32. Default 32: each address counts for itself. */
  readonly v4?: number | undefined
  /** Of an IPv6 address, 16 to 128. Default 64: what one customer gets at the least, and may change at will within. */
  readonly v6?: number | undefined
}

/** Stands for IPv4 addresses, each in its last 32 bits: `64:ff9b::/96`. */
const TRANSLATED: AddressBits = [0x64, 0xff9b, 0, 0, 0, 0, 0, 0]

/**
 * The network that an address belongs to, as canonical text: what limits and lists count by, since the owner of an IPv6 network has
 * more addresses than anybody can count. `2001:db8:1:2::/64`; without a length where that is all of the address. `undefined` for
 * what is no address.
 *
 * Addresses that stand for IPv4 ones (IPv4-mapped, and those of translators) count as these: all of them share one /64.
 *
 * @throws {@link InvalidArgumentError} `invalid_argument` for a length out of range
 * @see {@link https://www.rfc-editor.org/rfc/rfc6177#section-2 | RFC 6177 section 2}
 * @see {@link https://www.rfc-editor.org/rfc/rfc6052#section-2.1 | RFC 6052 section 2.1}
 *
 * @example
 * ```ts
 * import { networkOf } from '@wardstone/core'
 *
 * export const keys = [networkOf('2001:db8:1:2::7'), networkOf('2001:db8:1:2::7', { v6: 48 }), networkOf('203.0.113.7')]
 * ```
 */
export function networkOf(address: string, { v4 = 32, v6 = 64 }: NetworkPrefix = {}): string | undefined {
  if (!Number.isInteger(v4) || v4 < 8 || v4 > 32) throw new InvalidArgumentError('v4', 'expected a whole number from 8 to 32')
  if (!Number.isInteger(v6) || v6 < 16 || v6 > 128) throw new InvalidArgumentError('v6', 'expected a whole number from 16 to 128')
  let bits = bitsOf(address)
  if (bits === undefined) return undefined
  if (sharePrefix(bits, TRANSLATED, 96)) bits = bits.slice(6)
  const [prefix, most] = bits.length === 2 ? [v4, 32] : [v6, 128]
  return prefix === most ? writeBits(bits) : `${writeBits(cutBits(bits, prefix))}/${prefix}`
}
