/**
 * Writes an ECDSA signature the way OpenSSL reads it: as a DER sequence of two numbers. JOSE puts them side by side, 32 bytes
 * each. Node takes that form too, but looks the curve up anew at every call, which is a third of the whole verification.
 *
 * @param signature - exactly 64 bytes
 * @see {@link https://www.rfc-editor.org/rfc/rfc7518#section-3.4 | RFC 7518 section 3.4}
 */
export function derSignature(signature: Uint8Array): Buffer {
  const der = Buffer.alloc(2 + 2 * LONGEST)
  let end = writeInteger(der, 2, signature, 0)
  end = writeInteger(der, end, signature, HALF)
  der[0] = SEQUENCE
  der[1] = end - 2
  return der.subarray(0, end)
}

const HALF = 32
/** Tag, length, a zero that keeps the number positive, the number. */
const LONGEST = 3 + HALF
const SEQUENCE = 0x30
const INTEGER = 0x02

/** DER writes a number in as few bytes as it can, and a first bit that is set would make it negative. */
function writeInteger(der: Buffer, at: number, from: Uint8Array, offset: number): number {
  const stop = offset + HALF
  let start = offset
  while (start < stop - 1 && from[start] === 0) start++
  const sign = (from[start] as number) >= 0x80 ? 1 : 0
  der[at] = INTEGER
  der[at + 1] = stop - start + sign
  der.set(from.subarray(start, stop), at + 2 + sign)
  return at + 2 + sign + stop - start
}
