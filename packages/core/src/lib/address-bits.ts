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
  const bits = readGroups(text)
  return isMapped(bits) ? bits.slice(6) : bits
}

/**
 * The one text of an address: lower case, the longest run of zeros shortened, the first of several.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc5952#section-4 | RFC 5952 section 4}
 */
export function writeBits(bits: AddressBits): string {
  if (bits.length === 2) return bits.map((two) => `${two >> 8}.${two & 255}`).join('.')
  let [from, until] = [-1, -1]
  for (let i = 0; i < 8; i++) {
    let end = i
    while (bits[end] === 0) end++
    if (end - i > Math.max(1, until - from)) [from, until] = [i, end]
    i = end
  }
  let text = ''
  for (let i = 0; i < 8; i++) {
    if (i === from) {
      text += '::'
      i = until - 1
    } else {
      text += `${i === 0 || i === until ? '' : ':'}${(bits[i] as number).toString(16)}`
    }
  }
  return text
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

/** The groups of a text that is an IPv6 address. */
function readGroups(text: string): number[] {
  const groups: number[] = []
  let [gap, from] = [-1, 0]
  while (from < text.length) {
    const colon = text.indexOf(':', from)
    const end = colon < 0 ? text.length : colon
    if (end === from) gap = groups.length
    else if (colon < 0 && text.includes('.', from)) groups.push(...readQuad(text.slice(from)))
    else groups.push(Number.parseInt(text.slice(from, end), 16))
    from = end + 1
  }
  if (gap < 0) return groups
  const bits = [0, 0, 0, 0, 0, 0, 0, 0]
  const after = 8 - groups.length // as many groups as the gap stands for
  for (let i = 0; i < groups.length; i++) bits[i < gap ? i : i + after] = groups[i] as number
  return bits
}

function isMapped(bits: AddressBits): boolean {
  return bits[5] === 0xffff && bits.every((group, i) => i > 4 || group === 0)
}
