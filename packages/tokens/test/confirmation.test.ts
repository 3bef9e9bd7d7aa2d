import { describe, expect, it } from 'vitest'
import { accepted, codeOf, kit, outcomeOf, signIn, verified } from './kit/service.ts'
import { watched } from './kit/stores.ts'

function setUp() {
  const store = watched()
  const k = kit({ around: store.wrap })
  const confirmed = (): unknown[] => store.calls.filter(({ verb }) => verb === 'confirm').map(({ args }) => args[2])
  return { ...k, watched: store, confirmed }
}

describe('the arrival of a token', () => {
  it('[TOK-3] is told to the store once for each generation, also when tabs use old and new tokens in turns', async () => {
    const { tokens, clock, confirmed } = setUp()
    const first = await signIn(tokens)
    verified(tokens, first)
    verified(tokens, first)
    clock.advance('1m')
    const second = accepted(await tokens.refresh(first.refreshToken))
    expect(codeOf(tokens.verifyNow(second.accessToken, { confirm: false }))).toBe('ok')
    expect(confirmed()).toEqual([0])
    for (let i = 0; i < 5; i++) for (const each of [second, first]) verified(tokens, each)
    expect(confirmed()).toEqual([0, 1])
  })

  it('[TOK-3] that the store did not take is told again with a later request, and nobody notices', async () => {
    const { tokens, watched: store, confirmed } = setUp()
    const session = await signIn(tokens)
    store.down = true
    verified(tokens, session)
    await new Promise(setImmediate) // the failure is known a moment later
    verified(tokens, session)
    await new Promise(setImmediate)
    store.down = false
    for (let i = 0; i < 3; i++) verified(tokens, session)
    expect(confirmed()).toEqual([0, 0, 0])
  })

  it('[TOK-3] can be told by hand, and says when that failed', async () => {
    const { tokens, watched: store, clock } = setUp()
    const first = await signIn(tokens)
    clock.advance('1m')
    const second = accepted(await tokens.refresh(first.refreshToken))
    const token = accepted(tokens.verifyNow(second.accessToken, { confirm: false }))
    store.down = true
    await expect(tokens.confirm(token)).rejects.toMatchObject({ code: 'store_unavailable', retryable: true })
    store.down = false
    await tokens.confirm(token)
    clock.advance('30s')
    expect(outcomeOf(await tokens.refresh(first.refreshToken))).toBe('reuse_detected')
  })

  it('[TOK-3] of an older generation says nothing of the newer one', async () => {
    const { tokens, clock } = setUp()
    const first = await signIn(tokens)
    const seen = accepted(tokens.verifyNow(first.accessToken, { confirm: false }))
    clock.advance('1m')
    const lost = accepted(await tokens.refresh(first.refreshToken))
    await tokens.confirm(seen)
    clock.advance('40s')
    expect(await tokens.refresh(first.refreshToken)).toMatchObject({ kind: 'replayed', refreshToken: lost.refreshToken })
  })
})
