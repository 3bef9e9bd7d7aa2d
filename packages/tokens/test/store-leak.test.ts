import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { decodeRefresh, encodeRefresh, refreshRing } from '../src/lib/refresh/wire.ts'
import { codeOf, ISSUER, kit, renew, signIn, verified } from './kit/service.ts'
import { watched } from './kit/stores.ts'

/** Every spelling in which bytes may lie in a dump, a log or a backup. */
function spellings(bytes: Uint8Array): string[] {
  const buffer = Buffer.from(bytes)
  return [buffer.toString('hex'), buffer.toString('base64'), buffer.toString('base64url'), [...buffer].join(',')]
}

/** Everything in a value as text: its JSON, and what a debugger would print. */
function dump(value: unknown): string {
  const seen = (_key: string, inner: unknown): unknown => (typeof inner === 'bigint' ? String(inner) : inner)
  return `${JSON.stringify(value, seen)}\n${inspect(value, { depth: 20, maxArrayLength: null, maxStringLength: null, showHidden: true })}`
}

async function history() {
  const store = watched()
  const k = kit({ around: store.wrap })
  const first = await signIn(k.tokens)
  verified(k.tokens, first)
  k.clock.advance('1m')
  const second = await renew(k.tokens, first)
  await renew(k.tokens, first)
  await renew(k.tokens, second)
  k.clock.advance('1m')
  const third = await renew(k.tokens, second)
  return { k, store, all: [first, second, third] }
}

describe('whoever reads the whole store', () => {
  it('[TOK-2] finds no token in it, no secret of a session and none of the ring', async () => {
    const { k, store, all } = await history()
    const leaked = dump(store.calls)
    expect(leaked).toContain(all[0]?.sid) // the dump does hold the records
    const ring = refreshRing(k.ring, ISSUER)
    for (const { refreshToken, accessToken } of all) {
      const parts = decodeRefresh(refreshToken, ring)
      const s = typeof parts === 'string' ? expect.unreachable() : parts.s
      for (const text of [refreshToken, refreshToken.slice(4), accessToken, ...spellings(s)]) expect(leaked).not.toContain(text)
    }
    for (const text of [...spellings(ring.current().bytes()), ...spellings(k.ring.current().bytes())])
      expect(leaked).not.toContain(text)
  })

  it('[TOK-2] cannot make a token of it: neither with a ring of his own, nor, if he has ours, without the session’s secret', async () => {
    const { k, store } = await history()
    const rotated = store.calls.findLast(({ verb }) => verb === 'rotate')?.answer as {
      family: { sid: string; shard: string; generation: number; secretHash: Buffer }
    }
    const { sid, shard, generation, secretHash } = rotated.family
    const attempts = [secretHash.subarray(0, 16), secretHash.subarray(16), Buffer.alloc(16)]
    const own = refreshRing(kit().ring, ISSUER).current()
    const ours = refreshRing(k.ring, ISSUER).current()
    for (const s of attempts) {
      expect(codeOf(await k.tokens.refresh(encodeRefresh({ sid, shard, generation, s }, own)))).toBe('refresh_key_unknown')
      expect(codeOf(await k.tokens.refresh(encodeRefresh({ sid, shard, generation, s }, ours)))).toBe('forged')
    }
  })

  it('[TOK-2] and has the ring and any old token too, can: the threat that SECURITY.md names', async () => {
    const { k, all } = await history()
    const ours = refreshRing(k.ring, ISSUER).current()
    const old = decodeRefresh(all[0]?.refreshToken ?? '', refreshRing(k.ring, ISSUER))
    const parts = typeof old === 'string' ? expect.unreachable() : old
    expect(encodeRefresh({ ...parts, generation: 2 }, ours)).toBe(all[2]?.refreshToken)
  })
})
