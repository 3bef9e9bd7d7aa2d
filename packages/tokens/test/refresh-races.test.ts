import { inTurn } from '@wardstone/testkit'
import { describe, expect, it } from 'vitest'
import { memoryStore, type SessionStore } from '../src/index.ts'
import { codeOf, kit, outcomeOf, renew, signIn, verified, type Kit } from './kit/service.ts'
import { fakeClock, type InTurn } from '@wardstone/testkit'

type Verbs = ReadonlyArray<keyof SessionStore>

/** Two services, as two processes would be, over one store whose verbs wait for their turn. */
async function setUp(verbs: Verbs): Promise<{ a: Kit; b: Kit; turns: InTurn<SessionStore>; bare: Kit }> {
  const clock = fakeClock()
  const store = memoryStore({ now: clock.now })
  const turns = inTurn(store, verbs)
  const bare = kit({ clock, store })
  const [a, b] = [1, 2].map(() => kit({ clock, store: turns.port, ring: bare.ring, keys: bare.keys })) as [Kit, Kit]
  return { a, b, turns, bare }
}

const orders = [
  ['the first first', [0, 1]],
  ['the second first', [1, 0]],
] as const

describe.each(orders)('two at once, %s', (_name, order) => {
  it('[TOK-3] refreshes of one token get the same successor', async () => {
    const { a, b, turns, bare } = await setUp(['rotate'])
    const session = await signIn(bare.tokens)
    a.clock.advance('10m')
    const both = [a.tokens.refresh(session.refreshToken), b.tokens.refresh(session.refreshToken)]
    const calls = await turns.arrived(2)
    for (const i of order) await calls[i]?.go()
    const results = await Promise.all(both)
    expect(order.map((i) => outcomeOf(results[i] as (typeof results)[0]))).toEqual(['rotated', 'replayed'])
    const [x, y] = results.map((result) => (result.ok ? result : expect.unreachable()))
    expect(x?.refreshToken).toBe(y?.refreshToken)
    expect([x, y].map((each) => codeOf(bare.tokens.verifyNow(each?.accessToken ?? '')))).toEqual(['ok', 'ok'])
  })

  it('[TOK-9] a refresh and the logout of that session: the session is over', async () => {
    const { a, b, turns, bare } = await setUp(['rotate', 'end'])
    const session = await signIn(bare.tokens)
    a.clock.advance('10m')
    const both = [a.tokens.refresh(session.refreshToken), b.tokens.revoke({ refreshToken: session.refreshToken })] as const
    const calls = await turns.arrived(2)
    for (const i of order) await calls[i]?.go()
    const [refreshed, revoked] = await Promise.all(both)
    expect(revoked).toBe(true)
    expect(['revoked', 'signed_out']).toContain(outcomeOf(refreshed))
    if (refreshed.ok) {
      expect(codeOf(bare.tokens.verifyNow(refreshed.accessToken))).toBe('session_ended')
      expect(codeOf(await bare.tokens.refresh(refreshed.refreshToken))).toBe('signed_out')
    }
    expect(await bare.tokens.list('ana')).toEqual([])
  })

  it('[TOK-9] a refresh and a logout everywhere: nothing survives', async () => {
    const { a, b, turns, bare } = await setUp(['rotate', 'endAll'])
    const session = await signIn(bare.tokens)
    a.clock.advance('10m')
    const both = [a.tokens.refresh(session.refreshToken), b.tokens.revokeAll('ana')] as const
    const calls = await turns.arrived(2)
    for (const i of order) await calls[i]?.go()
    const [refreshed] = await Promise.all(both)
    expect(['revoked', 'subject_revoked']).toContain(outcomeOf(refreshed))
    if (refreshed.ok) expect(codeOf(bare.tokens.verifyNow(refreshed.accessToken))).toBe('session_ended')
    expect(codeOf(await bare.tokens.refresh(session.refreshToken))).toBe('subject_revoked')
  })

  it('[TOK-9] a sign-in and a logout everywhere: only a session that began afterwards lives', async () => {
    const { a, b, turns, bare } = await setUp(['create', 'endAll'])
    const both = [a.tokens.issue({ sub: 'ana' }), b.tokens.revokeAll('ana')] as const
    const calls = await turns.arrived(2)
    for (const i of order) await calls[i]?.go()
    const [issued] = await Promise.all(both)
    const [expected, left] = order[0] === 0 ? ['epoch_moved', 0] : ['ok', 1]
    expect(issued.ok ? codeOf(bare.tokens.verifyNow(issued.accessToken)) : issued.code).toBe(expected)
    expect(await bare.tokens.list('ana')).toHaveLength(left)
  })

  it('[TOK-9] a sign-in that checked the password before a logout everywhere: it loses, in either order', async () => {
    const { a, b, turns, bare } = await setUp(['create', 'endAll'])
    const epoch = await bare.tokens.epoch('ana')
    const both = [a.tokens.issue({ sub: 'ana', epoch }), b.tokens.revokeAll('ana')] as const
    const calls = await turns.arrived(2)
    for (const i of order) await calls[i]?.go()
    const [issued] = await Promise.all(both)
    const verdict = issued.ok ? codeOf(bare.tokens.verifyNow(issued.accessToken)) : issued.code
    expect(verdict).toBe('epoch_moved')
  })

  it('[TOK-3] a rotation and its confirmation by the token before: the newer generation stays unconfirmed', async () => {
    const { a, b, turns, bare } = await setUp(['rotate', 'confirm'])
    const session = await signIn(bare.tokens)
    a.clock.advance('10m')
    const refreshing = a.tokens.refresh(session.refreshToken)
    verified(b.tokens, session)
    const calls = await turns.arrived(2)
    for (const i of order) await calls[i]?.go()
    const refreshed = await refreshing
    a.clock.advance('90s') // past the grace: only because nobody confirmed the new token may the old one come back
    expect(await bare.tokens.refresh(session.refreshToken)).toMatchObject({
      kind: 'replayed',
      refreshToken: refreshed.ok && refreshed.refreshToken,
    })
  })
})

it('[TOK-3] ten refreshes at once after the grace get one successor, and the session lives on', async () => {
  const { tokens, clock, events } = kit()
  const session = await signIn(tokens)
  clock.advance('1m')
  const results = await Promise.all(Array.from({ length: 10 }, () => renew(tokens, session)))
  expect(results.map((result) => result.kind).toSorted()).toEqual([...Array<string>(9).fill('replayed'), 'rotated'])
  expect(new Set(results.map((result) => result.refreshToken)).size).toBe(1)
  expect(events.filter((event) => event.severity === 'critical')).toEqual([])
})

it('[TOK-3] reuse and the owner’s refresh at once: whatever comes first, both are out', async () => {
  for (const order of [
    [0, 1],
    [1, 0],
  ]) {
    const { a, b, turns, bare } = await setUp(['rotate'])
    const old = await signIn(bare.tokens)
    a.clock.advance('10m')
    const current = await renew(bare.tokens, await renew(bare.tokens, old))
    a.clock.advance('10m')
    const latest = await renew(bare.tokens, current)
    a.clock.advance('10m')
    const both = [a.tokens.refresh(old.refreshToken), b.tokens.refresh(latest.refreshToken)]
    const calls = await turns.arrived(2)
    for (const i of order) await calls[i]?.go()
    const results = await Promise.all(both)
    for (const result of results) if (result.ok) expect(codeOf(bare.tokens.verifyNow(result.accessToken))).toBe('session_ended')
    expect(codeOf(results[0] as (typeof results)[0])).toBe('reuse_detected')
    expect(await bare.tokens.list('ana')).toEqual([])
  }
})
