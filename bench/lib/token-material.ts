import { createPublicKey, createSecretKey, type KeyObject } from 'node:crypto'
import { generateSecret, secretRing } from '@wardstone/core'
import {
  createKeySet,
  createTokenService,
  hmacKeys,
  jwksKeys,
  memoryStore,
  type Algorithm,
  type TokenKeys,
  type TokenService,
  type VerificationKeys,
} from '@wardstone/tokens'
import type { JWK } from 'jose'

export const ISSUER = 'https://id.example'
export const AUDIENCE = 'https://api.example'

/** A token and the key that verifies it. */
interface SignedToken {
  readonly text: string
  /** 0 or 1: two keys take turns. */
  readonly key: number
}

/** Tokens of one algorithm, as the token service issues them, and what it takes to verify them. */
export interface Material {
  readonly alg: Algorithm
  readonly tokens: readonly SignedToken[]
  readonly keys: VerificationKeys
  /** The two keys, for verifiers that take one at a time. */
  readonly keyObjects: readonly [KeyObject, KeyObject]
}

/** A service for measuring, with nothing around it. */
export function serviceOf(keys: TokenKeys, now: () => number = Date.now): TokenService<object> {
  return createTokenService({
    issuer: ISSUER,
    audience: AUDIENCE,
    keys,
    secrets: secretRing({ current: generateSecret() }),
    store: memoryStore({ now }),
    claims: ({ sub }) => ({ username: sub.replace(' ', '.'), roles: ['user', 'moderator'], tenant: 'acme' }),
    access: { ttl: '1h' },
    now,
  })
}

/** Issues tokens for as many users, with two keys in turns. */
export async function materialOf(alg: Algorithm, count: number): Promise<Material> {
  if (alg === 'HS256') {
    const secrets = [generateSecret(), generateSecret()] as const
    const services = secrets.map((current) => serviceOf(hmacKeys(secretRing({ current }))))
    const keys = hmacKeys(secretRing({ current: secrets[0], previous: secrets[1] }))
    return {
      alg,
      tokens: await issueAll(services, count),
      keys,
      keyObjects: pair(secrets.map((s) => createSecretKey(s.bytes()))),
    }
  }
  const services = [0, 1].map(() => serviceOf(createKeySet({ algorithm: alg, tokenTtl: '1h' })))
  const jwks = services.flatMap((service) => (JSON.parse(service.jwks().body) as { keys: JWK[] }).keys)
  const keyObjects = jwks.map((jwk) => createPublicKey({ key: { ...jwk }, format: 'jwk' }))
  return { alg, tokens: await issueAll(services, count), keys: jwksKeys({ keys: jwks }), keyObjects: pair(keyObjects) }
}

async function issueAll(services: readonly TokenService<object>[], count: number): Promise<SignedToken[]> {
  const tokens: SignedToken[] = []
  while (tokens.length < count) {
    const from = tokens.length
    const some = Array.from({ length: Math.min(32, count - from) }, async (_, i) => {
      const key = (from + i) % 2
      const issued = await (services[key] as TokenService<object>).issue({ sub: `user ${from + i}` })
      if (!issued.ok) throw new Error(`no token: ${issued.code}`)
      return { text: issued.accessToken, key }
    })
    tokens.push(...(await Promise.all(some)))
  }
  return tokens
}

function pair(keys: readonly KeyObject[]): readonly [KeyObject, KeyObject] {
  return keys as unknown as readonly [KeyObject, KeyObject]
}
