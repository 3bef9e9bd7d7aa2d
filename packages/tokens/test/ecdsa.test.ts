import { generateKeyPairSync, sign, verify } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { derSignature } from '../src/lib/keys/ecdsa.ts'

const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const half = fc.oneof(
  fc.uint8Array({ minLength: 32, maxLength: 32 }),
  // Numbers with leading zeros are one in 256, and where encodings go wrong.
  fc.integer({ min: 0, max: 32 }).chain((n) => fc.uint8Array({ minLength: n, maxLength: n }).map((tail) => padded(tail))),
)

describe('derSignature', () => {
  it('writes both numbers, and each in the one form that DER allows', () => {
    fc.assert(
      fc.property(half, half, (r, s) => {
        const der = derSignature(Buffer.concat([r, s]))
        expect([der[0], der[1]]).toEqual([0x30, der.length - 2])
        const first = integerAt(der, 2)
        const second = integerAt(der, first.end)
        expect(second.end).toBe(der.length)
        expect([first.value, second.value]).toEqual([numberOf(r), numberOf(s)])
      }),
    )
  })

  it('is accepted where the JOSE form is, and nowhere else', () => {
    for (let i = 0; i < 300; i++) {
      const text = Buffer.from(`message ${i}`)
      const jose = sign('sha256', text, { key: privateKey, dsaEncoding: 'ieee-p1363' })
      expect(verify('sha256', text, publicKey, derSignature(jose))).toBe(true)
      jose[i % 64] = (jose[i % 64] as number) ^ 1
      expect(verify('sha256', text, publicKey, derSignature(jose))).toBe(false)
    }
  })

  it.each([
    ['both zero', 0, 0],
    ['r zero', 0, 1],
    ['s zero', 1, 0],
  ])('leaves %s to be refused by the curve', (_name, r, s) => {
    const jose = Buffer.concat([padded(Uint8Array.of(r)), padded(Uint8Array.of(s))])
    expect(verify('sha256', Buffer.from('message'), publicKey, derSignature(jose))).toBe(false)
  })
})

function padded(tail: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(32)
  bytes.set(tail, 32 - tail.length)
  return bytes
}

function numberOf(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString('hex')}`)
}

/** Reads a DER integer, and refuses whatever DER does: negative, or longer than it has to be. */
function integerAt(der: Buffer, at: number): { readonly value: bigint; readonly end: number } {
  const end = at + 2 + (der[at + 1] as number)
  const digits = der.subarray(at + 2, end)
  expect(der[at]).toBe(0x02)
  expect(digits[0]).toBeLessThan(0x80)
  if (digits.length > 1 && digits[0] === 0) expect(digits[1]).toBeGreaterThanOrEqual(0x80)
  return { value: numberOf(digits), end }
}
