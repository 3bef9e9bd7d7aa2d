import { readFileSync } from 'node:fs'
import { secretRing, type Secret } from '@wardstone/core'
import type { JWK } from 'jose'
import { describe, expect, it } from 'vitest'
import { hmacKeys } from '../src/lib/keys/hmac-keys.ts'
import { verificationKey, type AsymmetricAlgorithm, type VerificationKeys } from '../src/lib/keys/verification-key.ts'
import { verifyCompact } from '../src/lib/jws/verify.ts'

interface Vector {
  readonly tcId: number
  readonly comment: string
  readonly jws: string
  readonly result: 'valid' | 'invalid'
}
interface Group {
  readonly public?: JWK
  readonly private: JWK
  readonly tests: readonly Vector[]
}

const folder = process.env['WARDSTONE_VECTORS']
const groups =
  folder === undefined
    ? []
    : (JSON.parse(readFileSync(`${folder}/wycheproof_json_web_signature.json`, 'utf8')) as { testGroups: Group[] }).testGroups
const title = folder === undefined ? 'Wycheproof: SKIPPED, set WARDSTONE_VECTORS to the folder of its vectors' : 'Wycheproof'

/** Marked invalid, but letter for letter the string of the valid vector 357: the padding that they mean was lost on the way. */
const SAME_AS_357: ReadonlySet<number> = new Set([367, 370])
/** Valid vectors that are refused, and why. */
const REFUSED: ReadonlyMap<number, string> = new Map([
  [372, 'a question mark in the header: RFC 7515 section 2 has no such character'],
  [373, 'a question mark in the payload'],
])
const OURS: ReadonlySet<string | undefined> = new Set(['RS256', 'ES256', 'HS256', 'EdDSA'])

/** The group's key as a verifier gets it; none when it is refused already. */
function keysOf({ public: publicKey, private: privateKey }: Group): VerificationKeys {
  const jwk = publicKey ?? privateKey
  const none: VerificationKeys = { version: 0, candidates: () => [] }
  // Tokens without a kid are let through to the key, so that it is the signature that decides.
  if (jwk.kty === 'oct') {
    const bytes = Buffer.from(jwk.k ?? '', 'base64url')
    const guessable: Secret = { kid: 'vector', bytes: () => bytes } // secret() refuses some of these keys, rightly
    return jwk.alg === 'HS256' ? hmacKeys(secretRing({ current: guessable }), { allowMissingKid: true }) : none
  }
  try {
    const key = verificationKey(jwk, (jwk.alg ?? (jwk.kty === 'RSA' ? 'RS256' : 'ES256')) as AsymmetricAlgorithm)
    return { version: 0, candidates: () => [key] }
  } catch {
    return none
  }
}

/** As {@link keysOf}, whatever kid the token names. */
function verify(group: Group, jws: string): boolean {
  const keys = keysOf(group)
  const all = keys.candidates(undefined)
  return typeof verifyCompact(jws, { version: 0, candidates: () => all }) !== 'string'
}

describe.skipIf(folder === undefined)(title, () => {
  const vectors = groups.flatMap((group) => group.tests.map((test) => ({ group, ...test })))
  const algOf = (group: Group): string | undefined => (group.public ?? group.private).alg

  it('[TOK-16] has the vectors that the exceptions speak of', () => {
    expect(vectors.length).toBeGreaterThanOrEqual(401)
    const valid = vectors.find(({ tcId }) => tcId === 357)
    for (const id of SAME_AS_357) expect(vectors.find(({ tcId }) => tcId === id)?.jws).toBe(valid?.jws)
    for (const id of REFUSED.keys()) expect(vectors.find(({ tcId }) => tcId === id)?.jws).toContain('?')
  })

  it('[TOK-16] no invalid signature is accepted', () => {
    const accepted = vectors
      .filter(({ group, jws, result }) => result === 'invalid' && verify(group, jws))
      .map(({ tcId }) => tcId)
    expect(accepted).toEqual([...SAME_AS_357])
  })

  it('[TOK-16] every valid signature of our algorithms is accepted', () => {
    const ours = vectors.filter(({ group, result }) => result === 'valid' && OURS.has(algOf(group)))
    expect(ours.length).toBeGreaterThan(15)
    expect(ours.filter(({ group, jws }) => !verify(group, jws)).map(({ tcId }) => tcId)).toEqual([...REFUSED.keys()])
  })

  it('[TOK-16] keys of other algorithms make no verification key, and their signatures are refused', () => {
    const foreign = groups.filter((group) => !OURS.has(algOf(group)))
    expect(foreign.length).toBeGreaterThan(5)
    for (const group of foreign) expect(keysOf(group).candidates(undefined)).toEqual([])
    expect(foreign.flatMap((group) => group.tests.filter(({ jws }) => verify(group, jws)))).toEqual([])
  })

  it.each([353, 354, 355, 356])('[TOK-16] the key of vector %i is meant for encryption and refused', (id) => {
    const group = groups.find(({ tests }) => tests.some(({ tcId }) => tcId === id)) as Group
    expect(keysOf(group).candidates(undefined)).toEqual([])
  })
})
