import { generateKeyPairSync, sign, verify } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { derSignature } from '../src/lib/keys/ecdsa.ts'

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const message = Buffer.from('message')
const side = { key: publicKey, dsaEncoding: 'ieee-p1363' } as const

/** 32 bytes that begin with so many zeros and then with this byte. */
const half = fc
  .tuple(fc.nat({ max: 32 }), fc.constantFrom(0, 1, 0x7f, 0x80, 0xff), fc.uint8Array({ minLength: 32, maxLength: 32 }))
  .map(([zeros, first, rest]) => Buffer.concat([Buffer.alloc(zeros), Buffer.from([first]), rest]).subarray(0, 32))

/** Reads DER the way X.690 has it, and takes nothing that could be written shorter. */
function numbersOf(der: Uint8Array): bigint[] {
  expect([der[0], der[1]]).toEqual([0x30, der.length - 2])
  const numbers: bigint[] = []
  for (let at = 2; at < der.length;) {
    const length = der[at + 1] ?? 0
    const bytes = der.subarray(at + 2, at + 2 + length)
    expect([der[at], bytes.length]).toEqual([0x02, length])
    expect((bytes[0] ?? 0xff) < 0x80).toBe(true)
    expect(length === 1 || bytes[0] !== 0 || (bytes[1] ?? 0) >= 0x80).toBe(true)
    numbers.push(BigInt(`0x${Buffer.from(bytes).toString('hex')}`))
    at += 2 + length
  }
  return numbers
}

describe('derSignature', () => {
  it('[TOK-16] writes the two numbers in their one DER form', () => {
    fc.assert(
      fc.property(half, half, (r, s) => {
        const numbers = [r, s].map((bytes) => BigInt(`0x${bytes.toString('hex')}`))
        expect(numbersOf(derSignature(Buffer.concat([r, s])))).toEqual(numbers)
      }),
      { numRuns: 500, seed: 8 },
    )
  })

  it('[TOK-16] is accepted exactly when Node accepts the two numbers side by side', () => {
    for (let i = 0; i < 300; i++) {
      const signature = sign('sha256', message, { key: privateKey, dsaEncoding: 'ieee-p1363' })
      if (!verify('sha256', message, publicKey, derSignature(signature))) expect.unreachable(signature.toString('hex'))
    }
    fc.assert(
      fc.property(half, half, (r, s) => {
        const signature = Buffer.concat([r, s])
        return verify('sha256', message, publicKey, derSignature(signature)) === verify('sha256', message, side, signature)
      }),
      { numRuns: 300, seed: 9 },
    )
  })
})
