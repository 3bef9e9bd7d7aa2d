import { fakeClock } from '@wardstone/testkit'
import fc from 'fast-check'
import type { JSONWebKeySet } from 'jose'
import { expect, it } from 'vitest'
import { createKeySet, createVerifier, jwksKeys, type KeySet } from '../src/index.ts'
import { AUDIENCE, codeOf, ISSUER } from './kit/service.ts'
import { payloadAt } from './kit/tokens.ts'

const MAX_AGE = 300_000
const LEAD = MAX_AGE + 5_000

type Act = { readonly kind: 'wait'; readonly ms: number } | { readonly kind: 'rotate' | 'issue' | 'tick' }

const acts = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.integer({ min: 1, max: 400_000 }).map((ms): Act => ({ kind: 'wait', ms })) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 4_000_000 }).map((ms): Act => ({ kind: 'wait', ms })) },
    { weight: 2, arbitrary: fc.constant<Act>({ kind: 'rotate' }) },
    { weight: 5, arbitrary: fc.constant<Act>({ kind: 'issue' }) },
    { weight: 1, arbitrary: fc.constant<Act>({ kind: 'tick' }) },
  ),
  { minLength: 10, maxLength: 60 },
)

/** A service elsewhere: its clock differs, and it fetches the key set again only when its copy has expired. */
function elsewhere(keys: KeySet, now: () => number, offset: number) {
  const read = (): JSONWebKeySet => JSON.parse(keys.jwks().body) as JSONWebKeySet
  const copy = jwksKeys(read())
  let fetchedAt = now()
  const verifier = createVerifier({
    issuer: ISSUER,
    audience: AUDIENCE,
    keys: copy,
    revocation: 'none',
    now: () => now() + offset,
  })
  return (token: string): string => {
    if (now() - fetchedAt >= MAX_AGE) {
      copy.replace(read())
      fetchedAt = now()
    }
    return codeOf(verifier.verify(token))
  }
}

it('[TOK-5] [TOK-6] no token is refused before it expires, here or where the key set is cached, whatever the history', async () => {
  await fc.assert(
    fc.asyncProperty(acts, fc.integer({ min: -5_000, max: 5_000 }), async (history, offset) => {
      const clock = fakeClock()
      const publishedAt = new Map<string, number>()
      const keys: KeySet = createKeySet({
        algorithm: 'EdDSA',
        now: clock.now,
        rotateEvery: '1h',
        tokenTtl: '15m',
        jwksMaxAge: '5m',
        events: ({ name, data }) => {
          if (name === 'key_published' && keys.jwks().body.includes(data.kid)) publishedAt.set(data.kid, clock.now())
        },
      })
      const first = keys.signer().kid
      const here = createVerifier({ issuer: ISSUER, audience: AUDIENCE, keys, revocation: 'none', now: clock.now })
      const there = elsewhere(keys, clock.now, offset)
      let alive: { readonly token: string; readonly exp: number }[] = []
      for (const act of history) {
        if (act.kind === 'wait') clock.advance(act.ms)
        else if (act.kind === 'rotate') await keys.rotate()
        else if (act.kind === 'tick') await keys.tick()
        if (act.kind === 'issue') {
          const payload = payloadAt(clock.now())
          const signer = keys.signer()
          if (signer.kid !== first) expect(clock.now() - (publishedAt.get(signer.kid) ?? Infinity)).toBeGreaterThanOrEqual(LEAD)
          alive.push({ token: await signer.sign(payload, 'at+jwt'), exp: Number(payload['exp']) * 1000 })
        }
        expect(keys.timeline().filter((key) => key.stage === 'active')).toHaveLength(1)
        alive = alive.filter(({ exp }) => exp > clock.now())
        for (const { token } of alive) expect([codeOf(here.verify(token)), there(token)]).toEqual(['ok', 'ok'])
      }
      return true
    }),
    { numRuns: 60, seed: 6 },
  )
}, 20_000)

it('[TOK-6] a set that signed as soon as it published would fail that test', async () => {
  const clock = fakeClock()
  const keys = createKeySet({ algorithm: 'EdDSA', now: clock.now, jwksMaxAge: 0, skew: 0 })
  const there = elsewhere(keys, clock.now, 0) // which caches for five minutes nonetheless
  await keys.rotate()
  clock.advance('1m')
  expect(there(await keys.signer().sign(payloadAt(clock.now()), 'at+jwt'))).toBe('unknown_key')
})
