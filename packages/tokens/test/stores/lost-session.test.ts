import { available, startRedis } from '@wardstone/testkit/servers'
import { describe, expect, it } from 'vitest'
import { codeOf, signIn } from '../kit/service.ts'
import { clientOf, deployment, later, processOf } from './processes.ts'
import { until } from './until.ts'

describe.skipIf(!(await available('redis-server')))('a session that a failover has forgotten', { timeout: 30_000 }, () => {
  async function lost() {
    const server = await startRedis()
    later(() => server.stop())
    const shared = deployment()
    const [one, two] = [processOf(clientOf(server), shared), processOf(clientOf(server), shared)]
    await until('a connection', async () => (await signIn(one.tokens, 'warm').catch(() => undefined)) !== undefined || undefined)
    const session = await signIn(one.tokens)
    const keys = (await server.call('KEYS', 'ws:tokens:*:s:*')) as readonly string[]
    await server.call('DEL', ...keys)
    return { one, two, session }
  }

  it('[TOK-9] [TOK-10] is ended by who has its refresh token: its access token is refused everywhere', async () => {
    const { one, two, session } = await lost()
    expect(codeOf(two.tokens.verifyNow(session.accessToken))).toBe('ok')
    expect(await one.tokens.revoke({ refreshToken: session.refreshToken })).toBe(false)
    expect(codeOf(one.tokens.verifyNow(session.accessToken))).toBe('session_ended')
    await until('the news', () => codeOf(two.tokens.verifyNow(session.accessToken)) === 'session_ended' || undefined)
  })

  it('[TOK-9] is not ended by its id alone, which proves nothing', async () => {
    const { one, two, session } = await lost()
    expect(await one.tokens.revoke({ sub: 'ana', sid: session.sid })).toBe(false)
    await one.tokens.revokeAll('somebody else') // comes after it through the same feed
    await until('the news', () => two.tokens.stats().staleness < 100 || undefined)
    expect([one, two].map(({ tokens }) => codeOf(tokens.verifyNow(session.accessToken)))).toEqual(['ok', 'ok'])
  })
})
