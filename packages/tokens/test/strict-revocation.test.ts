import { fakeClock } from '@wardstone/testkit'
import { describe, expect, it } from 'vitest'
import { createVerifier, followRevocations, type Revocation, type RevocationBatch, type RevocationSource } from '../src/index.ts'
import { AUDIENCE, codeOf, ISSUER, kit, signIn, type Claims } from './kit/service.ts'
import { watched } from './kit/stores.ts'

/** A place elsewhere that can be away. Its cursor is a position in a list. */
function sourceOf(
  entries: readonly Revocation[],
): RevocationSource & { away: boolean; reads: (string | undefined)[]; call(gap: boolean): void } {
  const listeners = new Set<(gap: boolean) => void>()
  return {
    away: false,
    reads: [],
    call: (gap) => listeners.forEach((listener) => listener(gap)),
    async read(cursor): Promise<RevocationBatch> {
      this.reads.push(cursor)
      if (this.away) throw new Error('away')
      const from = Number(cursor ?? 0)
      const some = entries.slice(from, from + 2)
      return { revocations: some, cursor: String(from + some.length), complete: from + some.length === entries.length }
    },
    watch(changed) {
      listeners.add(changed)
      return () => void listeners.delete(changed)
    },
  }
}

describe('strict revocation', () => {
  it('[TOK-10] asks the store at every verification, and knows at once what this process was not told', async () => {
    const store = watched()
    const k = kit({ revocation: 'strict', around: (inner) => store.wrap(withoutFeed(inner)) })
    const ana = await signIn(k.tokens)
    expect(codeOf(await k.tokens.verify(ana.accessToken))).toBe('ok')
    await k.store.end(
      store.calls[0]?.args[0] !== undefined ? (store.calls[0].args[0] as { shard: string }).shard : '',
      ana.sid,
      'revoked',
    )
    expect(codeOf(await k.tokens.verify(ana.accessToken))).toBe('session_ended')
    const ben = await signIn(k.tokens, 'ben')
    await k.tokens.refreshClaims('ben')
    expect(codeOf(await k.tokens.verify(ben.accessToken))).toBe('claims_stale')
    const cyn = await signIn(k.tokens, 'cyn')
    await k.tokens.revokeEveryone()
    expect(codeOf(await k.tokens.verify(cyn.accessToken))).toBe('session_ended')
  })

  it.each([
    ['refuse', 'revocation_unknown', true],
    ['accept', 'ok', undefined],
  ] as const)('[TOK-10] with the store down and onStale %s, a good token is %s', async (onStale, code, retryable) => {
    const store = watched()
    const k = kit({ revocation: 'strict', onStale, around: store.wrap })
    const ana = await signIn(k.tokens)
    store.down = true
    const verification = await k.tokens.verify(ana.accessToken)
    expect([codeOf(verification), (verification as { retryable?: boolean }).retryable]).toEqual([code, retryable])
    expect(codeOf(await k.tokens.verify('x'))).toBe('malformed')
  })

  it('[TOK-10] whoever cannot wait is told that nobody knows', async () => {
    const k = kit({ revocation: 'strict' })
    const ana = await signIn(k.tokens)
    expect(k.tokens.verifyNow(ana.accessToken)).toEqual({ ok: false, code: 'revocation_unknown', retryable: true })
  })
})

describe('a feed that is followed', () => {
  it('[TOK-10] is stale until everything was read once, and from 30 s after the last reading on', async () => {
    const k = kit()
    const entries: Revocation[] = []
    k.store.revocations.follow((entry) => entries.push(entry))
    const [ana, ben] = [await signIn(k.tokens), await signIn(k.tokens, 'ben')]
    await k.tokens.revoke(ana)
    await k.tokens.revokeAll('cyn')
    await k.tokens.revokeAll('dan')
    const source = sourceOf(entries)
    source.away = true
    const feed = followRevocations(source, { now: k.clock.now })
    const verifier = createVerifier<Claims>({
      issuer: ISSUER,
      audience: AUDIENCE,
      keys: k.keys,
      revocation: feed,
      now: k.clock.now,
    })
    await expect(feed.refresh()).rejects.toThrow('away')
    expect(verifier.verify(ben.accessToken)).toEqual({ ok: false, code: 'revocation_unknown', retryable: true })
    expect(verifier.stats().staleness).toBe(Number.POSITIVE_INFINITY)
    source.away = false
    await feed.refresh()
    expect([ana, ben].map(({ accessToken }) => codeOf(verifier.verify(accessToken)))).toEqual(['session_ended', 'ok'])
    k.clock.advance('30s')
    expect(codeOf(verifier.verify(ben.accessToken))).toBe('ok')
    k.clock.advance(1)
    expect(codeOf(verifier.verify(ben.accessToken))).toBe('revocation_unknown')
    expect(codeOf(verifier.verify(ana.accessToken))).toBe('session_ended')
    await feed.refresh()
    expect(codeOf(verifier.verify(ben.accessToken))).toBe('ok')
    feed.close()
  })

  it('[TOK-10] reads on from where it was, and everything again after a gap, also one that comes while it reads', async () => {
    const entries: Revocation[] = Array.from({ length: 5 }, (_, i) => ({ kind: 'everyone', epoch: i + 1 }))
    const source = sourceOf(entries)
    const feed = followRevocations(source)
    await feed.refresh()
    expect(source.reads).toEqual([undefined, '2', '4'])
    source.reads.length = 0
    entries.push({ kind: 'everyone', epoch: 6 })
    await feed.refresh()
    expect(source.reads).toEqual(['5'])
    const told: Revocation[] = []
    feed.follow((revocation) => told.push(revocation))
    expect(told).toEqual(entries)
    source.reads.length = 0
    const reading = feed.refresh()
    source.call(true)
    await reading
    await feed.refresh()
    expect(source.reads.slice(0, 4)).toEqual(['6', undefined, '2', '4'])
    expect(told).toEqual(entries) // none of them twice
    feed.close()
  })

  it('[TOK-10] a service whose feed is stale asks the store', async () => {
    const store = watched()
    const source = sourceOf([])
    const clock = fakeClock()
    const feed = followRevocations(source, { now: clock.now })
    await feed.refresh()
    const k = kit({ clock, around: (inner) => store.wrap(withFeed(inner, feed)) })
    const ana = await signIn(k.tokens)
    expect(k.tokens.verify(ana.accessToken)).not.toBeInstanceOf(Promise)
    k.clock.advance('1m')
    expect(k.tokens.verify(ana.accessToken)).toBeInstanceOf(Promise)
    expect(codeOf(await k.tokens.verify(ana.accessToken))).toBe('ok')
    store.down = true
    expect(codeOf(await k.tokens.verify(ana.accessToken))).toBe('revocation_unknown')
  })
})

/** A store in another process tells nothing of what is revoked there. */
function withoutFeed<S extends object>(store: S): S {
  return withFeed(store, { follow: () => () => {}, staleness: () => 0 })
}

function withFeed<S extends object>(store: S, revocations: object): S {
  return new Proxy(store, {
    get(target, name) {
      if (name === 'revocations') return revocations
      const member: unknown = Reflect.get(target, name)
      return typeof member === 'function' ? (member.bind(target) as unknown) : member
    },
  })
}
