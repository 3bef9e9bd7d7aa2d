import type { StoreUnavailableError } from '@wardstone/redis'
import { available, startRedis, type RedisServer } from '@wardstone/testkit/servers'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { bodyOf, cookieOf, headersOf } from '../kit/http.ts'
import { outcomeOf, renew, signIn, type Claims } from '../kit/service.ts'
import type { Issued, TokenService } from '../../src/index.ts'
import { clientOf, deployment, ending, processOf, reply, wayTo } from './processes.ts'
import { until } from './until.ts'

/** Everything that asks the store. */
function callsOf(tokens: TokenService<Claims>, { sid, refreshToken, accessToken }: Issued): readonly (() => Promise<unknown>)[] {
  const verified = tokens.verifyNow(accessToken)
  return [
    () => tokens.issue({ sub: 'ana' }),
    () => tokens.refresh(refreshToken),
    () => tokens.epoch('ana'),
    () => tokens.list('ana'),
    () => tokens.refreshClaims('ana'),
    ...(verified.ok ? [() => tokens.confirm(verified)] : []),
    () => tokens.revoke({ refreshToken: 'wrt_'.padEnd(100, 'x') }).then(() => tokens.revoke({ sub: 'ben', sid })),
    () => tokens.revokeOthers({ sub: 'ana', sid }),
    () => tokens.revokeAll('cyn'),
  ]
}

async function endings(calls: readonly (() => Promise<unknown>)[]): Promise<readonly string[]> {
  return Promise.all(calls.map(ending))
}

const all = (calls: readonly unknown[], word: string): readonly string[] => calls.map(() => word)

describe.skipIf(!(await available('redis-server')))('sessions while Redis is away', { timeout: 30_000 }, () => {
  let server: RedisServer
  beforeAll(async () => {
    server = await startRedis()
  }, 20_000)
  beforeEach(() => server.flush())
  afterAll(() => server?.stop())

  it('[TOK-13] starts without Redis, says so to every call, and works once it is there', async () => {
    const way = await wayTo(server)
    way.cut()
    const { tokens } = processOf(clientOf(way))
    for (const call of [() => tokens.issue({ sub: 'ana' }), () => tokens.list('ana'), () => tokens.revokeEveryone()]) {
      expect(await ending(call)).toBe('store_unavailable')
    }
    expect(tokens.stats().staleness).toBe(Number.POSITIVE_INFINITY)
    way.mend()
    await until('a sign-in', async () => (await ending(() => tokens.issue({ sub: 'ana' }))) === 'answered' || undefined)
    await until('the feed', () => tokens.stats().staleness < 1_000 || undefined)
    expect((await tokens.list('ana')).length).toBeGreaterThanOrEqual(1)
  })

  it('[TOK-9] [TOK-13] a Redis that hangs in the middle of calls fails them in time, and they work when it goes on', async () => {
    const { tokens, clock } = processOf(clientOf(server))
    const session = await signIn(tokens)
    clock.advance('1m')
    const calls = callsOf(tokens, session)
    const before = endings(calls) // on their way while it stops
    await server.hang()
    try {
      for (const word of await before) expect(['answered', 'store_unavailable']).toContain(word)
      expect(await endings(calls)).toEqual(all(calls, 'store_unavailable'))
      expect(await ending(() => tokens.revokeEveryone())).toBe('store_unavailable')
    } finally {
      server.resume()
    }
    await until('an answer', async () => (await ending(() => tokens.list('ana'))) === 'answered' || undefined)
    expect(await endings(calls)).toEqual(all(calls, 'answered'))
    expect(['repeated', 'replayed', 'rotated']).toContain(outcomeOf(await tokens.refresh(session.refreshToken)))
  })

  it('[TOK-9] [TOK-12] a refresh is 503 and leaves the cookie alone, a logout is 503 and takes it away', async () => {
    const { tokens, http, clock } = processOf(clientOf(server))
    const session = await signIn(tokens)
    clock.advance('1m')
    await server.hang()
    try {
      const refreshed = await reply(http.refresh, session.refreshToken)
      expect([refreshed.status, bodyOf(refreshed)['code'], headersOf(refreshed, 'set-cookie')]).toEqual([
        503,
        'store_unavailable',
        [],
      ])
      expect(headersOf(refreshed, 'retry-after')).toHaveLength(1)
      const left = await reply(http.logout, session.refreshToken)
      expect([left.status, bodyOf(left)['code'], cookieOf(left)?.value]).toEqual([503, 'session_not_revoked', ''])
    } finally {
      server.resume()
    }
    await until('an answer', async () => (await ending(() => tokens.list('ana'))) === 'answered' || undefined)
    // What was sent before the deadline may have been done by the server when it went on.
    const again = await reply(http.refresh, session.refreshToken)
    expect([200, 401]).toContain(again.status)
    expect((await reply(http.logout, session.refreshToken)).status).toBe(204)
    expect(await tokens.list('ana')).toEqual([])
  })

  it('[TOK-13] a Redis that comes back empty knows nobody, keeps the cookies, and takes new sign-ins', async () => {
    const { tokens, http, clock } = processOf(clientOf(server))
    const before = await signIn(tokens)
    const epoch = (await tokens.revokeAll('ben'), await tokens.epoch('ben'))
    await server.kill()
    expect(await ending(() => tokens.refresh(before.refreshToken))).toBe('store_unavailable')
    await server.start()
    const session = await until('a sign-in', async () => {
      const issued = await tokens.issue({ sub: 'ana' }).catch(() => undefined)
      return issued?.ok === true ? issued : undefined
    })
    const refused = await until('a verdict', async () => {
      const answer = await reply(http.refresh, before.refreshToken)
      return answer.status === 503 ? undefined : answer
    })
    expect([refused.status, headersOf(refused, 'set-cookie')]).toEqual([401, []])
    clock.advance('1m')
    expect((await renew(tokens, session)).kind).toBe('rotated')
    await tokens.revokeAll('ben')
    expect(await tokens.epoch('ben')).toBeGreaterThan(epoch)
  })

  it('[TOK-13] scripts that Redis forgot are sent again', async () => {
    const { tokens, clock } = processOf(clientOf(server))
    const session = await signIn(tokens)
    clock.advance('1m')
    for (const call of callsOf(tokens, session)) {
      await server.call('SCRIPT', 'FLUSH')
      expect(await ending(call)).toBe('answered')
    }
    await server.call('SCRIPT', 'FLUSH')
    expect(await ending(() => tokens.revokeEveryone())).toBe('answered')
    expect(outcomeOf(await tokens.refresh(session.refreshToken))).toBe('subject_revoked')
  })

  it('[TOK-3] [TOK-13] an answer that is lost on its way is asked for again, and is the same', async () => {
    const way = await wayTo(server)
    const shared = deployment()
    const [near, far] = [processOf(clientOf(server), shared), processOf(clientOf(way), shared)]
    let { refreshToken, sid } = await signIn(near.tokens)
    for (let round = 0; round < 6; round++) {
      await until('the connection', async () => (await ending(() => far.tokens.list('ana'))) === 'answered' || undefined)
      shared.clock.advance('31s')
      way.cutAt('stepped')
      // Right after it was away it may not be asked; what counts is a call that was sent.
      await until('a lost answer', async () => {
        const fault: unknown = await far.tokens.refresh(refreshToken).catch((error: unknown) => error)
        expect(fault).toMatchObject({ code: 'store_unavailable', retryable: true })
        return (fault as StoreUnavailableError).mayHaveRun || undefined
      })
      way.mend()
      const again = await near.tokens.refresh(refreshToken)
      expect(outcomeOf(again)).toBe('replayed')
      if (again.ok) refreshToken = again.refreshToken
    }
    expect((await near.tokens.list('ana')).map(({ sid }) => sid)).toEqual([sid])
  })
})
