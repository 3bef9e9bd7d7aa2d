import { fakeClock } from '@wardstone/testkit'
import type { JSONWebKeySet } from 'jose'
import { calculateJwkThumbprint } from 'jose'
import { describe, expect, it } from 'vitest'
import { createKeySet, hmacKeys } from '../src/index.ts'
import { generateSecret, secretRing } from '@wardstone/core'

const clock = fakeClock()
const keysOf = (body: string) => (JSON.parse(body) as JSONWebKeySet).keys

describe('the published key set', () => {
  it.each(['RS256', 'ES256', 'EdDSA'] as const)(
    '[TOK-6] of %s has public members only, each key with kid, alg and use',
    async (algorithm) => {
      const keys = createKeySet({ algorithm, now: clock.now })
      if (algorithm !== 'RS256') await keys.rotate()
      for (const jwk of keysOf(keys.jwks().body)) {
        const members = { RS256: ['e', 'kty', 'n'], ES256: ['crv', 'kty', 'x', 'y'], EdDSA: ['crv', 'kty', 'x'] }[algorithm]
        expect(Object.keys(jwk).toSorted()).toEqual([...members, 'alg', 'kid', 'use'].toSorted())
        expect(jwk).toMatchObject({ alg: algorithm, use: 'sig', kid: await calculateJwkThumbprint(jwk) })
      }
    },
  )

  it('[TOK-6] keeps its ETag until a key comes or goes', async () => {
    const keys = createKeySet({ algorithm: 'EdDSA', now: clock.now })
    const tags = new Set<string>()
    const before = keys.jwks()
    tags.add(before.etag)
    clock.advance('1h')
    expect(keys.jwks()).toEqual(before)
    await keys.rotate()
    tags.add(keys.jwks().etag)
    clock.advance('6m') // the new key signs: the same keys are published
    tags.add(keys.jwks().etag)
    expect(tags.size).toBe(2)
    clock.advance('1h')
    tags.add(keys.jwks().etag)
    expect(tags.size).toBe(3)
    for (const tag of tags) expect(tag).toMatch(/^"[\w-]{22}"$/)
  })

  it('[TOK-6] may be cached for exactly as long as a new key waits, less the skew', async () => {
    const keys = createKeySet({ algorithm: 'EdDSA', now: clock.now, jwksMaxAge: '2m' })
    expect(keys.jwks().cacheControl).toBe('public, max-age=120')
    const { createdAt, activateAt } = await keys.rotate()
    expect(activateAt - createdAt).toBe(125_000)
  })

  it('[TOK-6] is whole while a rotation runs', async () => {
    const keys = createKeySet({ algorithm: 'ES256', now: clock.now })
    const first = keys.signer().kid
    const kids = (): (string | undefined)[] => keysOf(keys.jwks().body).map((key) => key.kid)
    const rotating = keys.rotate()
    expect(kids()).toEqual([first])
    const { kid: second } = await rotating
    expect(kids()).toEqual([first, second])
    const removing = Promise.all([keys.remove(second), keys.rotate()])
    expect(kids()).toContain(first)
    const [, { kid: third }] = await removing
    expect(kids()).toEqual([first, third])
  })

  it('[TOK-7] of a ring of secrets is empty', () => {
    const keys = hmacKeys(secretRing({ current: generateSecret() }))
    expect(JSON.parse(keys.jwks().body)).toEqual({ keys: [] })
  })
})
