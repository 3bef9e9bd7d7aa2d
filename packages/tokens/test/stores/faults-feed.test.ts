import { available, startRedis, type RedisServer } from '@wardstone/testkit/servers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { codeOf, signIn } from '../kit/service.ts'
import { clientOf, deployment, processOf, wayTo } from './processes.ts'
import { until } from './until.ts'

const FRESH_MS = 1_000

describe.skipIf(!(await available('redis-server')))('a process that is cut off', { timeout: 30_000 }, () => {
  let server: RedisServer
  beforeAll(async () => {
    server = await startRedis()
  }, 20_000)
  afterAll(() => server?.stop())

  it('[TOK-10] knows how stale it is, refuses nobody for good, and afterwards knows what was revoked meanwhile', async () => {
    const way = await wayTo(server)
    const shared = deployment()
    const near = processOf(clientOf(server), shared)
    const far = processOf(clientOf(way), shared, { maxStaleness: FRESH_MS })
    const [ana, ben, cyn, dan] = [
      await signIn(near.tokens, 'ana'),
      await signIn(near.tokens, 'ben'),
      await signIn(near.tokens, 'cyn'),
      await signIn(near.tokens, 'dan'),
    ]
    const verdicts = async (): Promise<readonly string[]> =>
      Promise.all([ana, ben, cyn, dan].map(async ({ accessToken }) => codeOf(await far.tokens.verify(accessToken))))
    const fresh = (): true | undefined => far.tokens.stats().staleness < FRESH_MS / 2 || undefined
    await until('the feed', fresh)
    expect(await verdicts()).toEqual(['ok', 'ok', 'ok', 'ok'])

    way.cut()
    await near.tokens.revoke({ sub: 'ana', sid: ana.sid })
    await near.tokens.revokeAll('ben')
    await near.tokens.refreshClaims('cyn')
    // For as long as it was told that it may, it goes by what it knows.
    expect([far.tokens.stats().staleness < FRESH_MS, codeOf(far.tokens.verifyNow(ana.accessToken))]).toEqual([true, 'ok'])
    await until('staleness', () => far.tokens.stats().staleness > FRESH_MS || undefined)
    expect(await verdicts()).toEqual(Array.from({ length: 4 }, () => 'revocation_unknown'))
    expect(await far.tokens.verify(dan.accessToken)).toMatchObject({ code: 'revocation_unknown', retryable: true })
    expect(codeOf(far.tokens.verifyNow(dan.accessToken))).toBe('revocation_unknown')
    const { staleness } = far.tokens.stats()
    await until('more staleness', () => far.tokens.stats().staleness > staleness || undefined)

    way.mend()
    await until('the feed', fresh)
    expect(await verdicts()).toEqual(['session_ended', 'session_ended', 'claims_stale', 'ok'])
    expect(codeOf(far.tokens.verifyNow(ana.accessToken))).toBe('session_ended')
    await near.tokens.revokeEveryone()
    await until('the end of everyone', () => codeOf(far.tokens.verifyNow(dan.accessToken)) === 'session_ended' || undefined)
  })

  it('[TOK-10] asks the store while only its feed is stale, and believes the answer', async () => {
    const shared = deployment()
    const near = processOf(clientOf(server), shared)
    const far = processOf(clientOf(server), shared, { maxStaleness: 0 })
    const ana = await signIn(near.tokens, 'ana')
    expect(codeOf(await far.tokens.verify(ana.accessToken))).toBe('ok')
    expect(codeOf(far.tokens.verifyNow(ana.accessToken))).toBe('revocation_unknown')
    await near.tokens.revoke({ sub: 'ana', sid: ana.sid })
    expect(codeOf(await far.tokens.verify(ana.accessToken))).toBe('session_ended')
  })

  it('[TOK-9] [TOK-10] ends streams in another process when their session ends', async () => {
    const shared = deployment()
    const [near, far] = [processOf(clientOf(server), shared), processOf(clientOf(server), shared)]
    const ana = await signIn(near.tokens, 'ana')
    await until('the feed', () => Number.isFinite(far.tokens.stats().staleness) || undefined)
    const verified = far.tokens.verifyNow(ana.accessToken)
    if (!verified.ok) throw new Error(verified.code)
    const ended = new Promise<void>((resolve) => far.tokens.onEnd(verified, resolve))
    await near.tokens.revokeAll('ana')
    await ended
  })
})
