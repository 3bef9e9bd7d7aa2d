import { InvalidArgumentError } from '@wardstone/core'
import { streamSignal, verifiedKey } from '@wardstone/tokens/http'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { request } from './kit/http.ts'
import { kit, signIn, verified } from './kit/service.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('the signal of a stream', () => {
  async function stream(closed?: AbortSignal) {
    const k = kit()
    const session = await signIn(k.tokens)
    const ctx = request()
    ctx.state.set(verifiedKey, verified(k.tokens, session))
    return { ...k, session, signal: streamSignal(k.tokens, ctx, closed) }
  }

  it('[TOK-10] is aborted when the session ends', async () => {
    const { tokens, session, signal } = await stream()
    expect(signal.aborted).toBe(false)
    await tokens.revoke(session)
    expect([signal.aborted, signal.reason]).toEqual([true, 'session_ended'])
    expect(vi.getTimerCount()).toBe(0)
  })

  it('[TOK-10] is aborted when the access token expires, and not before', async () => {
    const { signal } = await stream()
    vi.advanceTimersByTime(15 * 60_000 - 1000)
    expect(signal.aborted).toBe(false)
    vi.advanceTimersByTime(1000)
    expect([signal.aborted, signal.reason]).toEqual([true, 'token_expired'])
  })

  it('is aborted when the client goes, and waits for nothing any more', async () => {
    const closed = new AbortController()
    const { signal } = await stream(closed.signal)
    closed.abort('gone')
    expect([signal.aborted, signal.reason, vi.getTimerCount()]).toEqual([true, 'gone', 0])
  })

  it('is aborted from the start for a session that has ended', async () => {
    const k = kit()
    const session = await signIn(k.tokens)
    const ctx = request()
    ctx.state.set(verifiedKey, verified(k.tokens, session))
    await k.tokens.revokeAll('ana')
    expect(streamSignal(k.tokens, ctx).aborted).toBe(true)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('wants an authenticated request', () => {
    expect(() => streamSignal(kit().tokens, request())).toThrow(InvalidArgumentError)
  })
})
