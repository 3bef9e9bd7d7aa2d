import { isIP } from 'node:net'

/** An address as numbers of 16 bits, the highest first: two for IPv4, eight for IPv6. */
export type AddressBits = readonly number[]

/**
 * The bits of an address that is written without port, brackets or zone. An IPv4-mapped IPv6 address is the IPv4 address, however it
 * is written: `::ffff:7f00:1` is 127.0.0.1. `undefined` for anything else.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc4291#section-2.5.5.2 | RFC 4291 section 2.5.5.2}
 */
export function readBits(text: string): AddressBits | undefined {
  const family = text.includes('%') ? 0 : isIP(text)
  if (family === 0) return undefined
  if (family === 4) return readQuad(text)
  const [left = '', right] = text.split('::')
  const [high, low] = [readGroups(left), readGroups(right ?? '')]
  const bits = right === undefined ? high : [...high, ...Array.from({ length: 8 - high.length - low.length }, () => 0), ...low]
  return isMapped(bits) ? bits.slice(6) : bits
}

/**
 * The one text of an address: lower case, the longest run of zeros shortened, the first of several.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc5952#section-4 | RFC 5952 section 4}
 */
export function writeBits(bits: AddressBits): string {
  if (bits.length === 2) return bits.map((two) => `${two >> 8}.${two & 255}`).join('.')
  const [from, count] = longestZeros(bits)
  if (count < 2) return bits.map(hex).join(':')
  return `${bits.slice(0, from).map(hex).join(':')}::${bits
    .slice(from + count)
    .map(hex)
    .join(':')}`
}

/** Whether two addresses are of one family and agree in their first bits. */
export function sharePrefix(a: AddressBits, b: AddressBits, prefix: number): boolean {
  if (a.length !== b.length) return false
  let left = prefix
  for (let i = 0; left > 0; i++, left -= 16) {
    if ((((a[i] as number) ^ (b[i] as number)) & maskOf(left)) !== 0) return false
  }
  return true
}

/** The address with all bits after the first ones zero. */
export function cutBits(bits: AddressBits, prefix: number): AddressBits {
  return bits.map((group, i) => group & maskOf(prefix - 16 * i))
}

/** Of 16 bits, so many from the top. */
function maskOf(length: number): number {
  return length >= 16 ? 0xffff : length <= 0 ? 0 : (0xffff << (16 - length)) & 0xffff
}

function readQuad(text: string): number[] {
  const [a = 0, b = 0, c = 0, d = 0] = text.split('.').map(Number)
  return [(a << 8) | b, (c << 8) | d]
}

function readGroups(text: string): number[] {
  if (text === '') return []
  return text.split(':').flatMap((group) => (group.includes('.') ? readQuad(group) : Number.parseInt(group, 16)))
}

function isMapped(bits: AddressBits): boolean {
  return bits[5] === 0xffff && bits.every((group, i) => i > 4 || group === 0)
}

function longestZeros(bits: AddressBits): readonly [from: number, count: number] {
  let [from, count] = [0, 0]
  for (let i = 0; i < bits.length; i++) {
    let end = i
    while (bits[end] === 0) end++
    if (end - i > count) [from, count] = [i, end - i]
    i = end
  }
  return [from, count]
}

function hex(group: number): string {
  return group.toString(16)
}
