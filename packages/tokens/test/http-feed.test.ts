import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ConfigurationError } from '@wardstone/core'
import { endpoint, listener } from '@wardstone/http/node'
import { createSessionEndpoints, httpFeed } from '@wardstone/tokens/http'
import { afterEach, describe, expect, it } from 'vitest'
import { createVerifier, type FollowedFeed } from '../src/index.ts'
import { readBatch } from '../src/lib/http/revocation-wire.ts'
import { AUDIENCE, codeOf, ISSUER, kit, signIn, type Kit } from './kit/service.ts'

describe('the issuer’s route and who follows it', () => {
  const servers: Server[] = []
  const feeds: FollowedFeed[] = []
  afterEach(() => {
    for (const feed of feeds.splice(0)) feed.close()
    for (const server of servers.splice(0)) server.close().closeAllConnections()
  })

  /** The issuer's route, served for real, and how often it was asked after what. */
  async function issuer(k: Kit, port = 0): Promise<{ url: string; asked: string[]; server: Server }> {
    const asked: string[] = []
    const { revocations } = createSessionEndpoints({ tokens: k.tokens, cookie: { secure: false } })
    const answer = endpoint(revocations)
    const server = createServer(
      listener([
        (req, res, next) => (
          asked.push(new URL(req.url ?? '', 'http://x').searchParams.get('after') ?? ''),
          answer(req, res, next)
        ),
      ]),
    )
    servers.push(server)
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/.well-known/revocations`, asked, server }
  }

  function followed(url: string, k: Kit) {
    const feed = httpFeed(url, { every: '60s' })
    feeds.push(feed)
    return {
      feed,
      verifier: createVerifier({ issuer: ISSUER, audience: AUDIENCE, keys: k.keys, revocation: feed, now: k.clock.now }),
    }
  }

  it('[TOK-10] tells of sessions, subjects and everyone, and reads on from where it was', async () => {
    const k = kit()
    const [ana, ben, cyn, dan] = [
      await signIn(k.tokens),
      await signIn(k.tokens, 'ben'),
      await signIn(k.tokens, 'cyn'),
      await signIn(k.tokens, 'dan'),
    ]
    await k.tokens.revoke(ana)
    const { url, asked } = await issuer(k)
    const { feed, verifier } = followed(url, k)
    await feed.refresh()
    const codes = () => [ana, ben, cyn, dan].map(({ accessToken }) => codeOf(verifier.verify(accessToken)))
    expect(codes()).toEqual(['session_ended', 'ok', 'ok', 'ok'])
    await k.tokens.revokeAll('ben')
    await k.tokens.refreshClaims('cyn')
    await feed.refresh()
    expect(codes()).toEqual(['session_ended', 'session_ended', 'claims_stale', 'ok'])
    await k.tokens.revokeEveryone()
    await feed.refresh()
    expect(codes()).toEqual(['session_ended', 'session_ended', 'session_ended', 'session_ended'])
    expect(asked[0]).toBe('')
    expect(asked.slice(1).map((after) => after.split('.')[1])).toEqual(['1', '3'])
  })

  it('[TOK-10] another process of the issuer gives everything, whatever the cursor', async () => {
    const [k, other] = [kit(), kit()]
    const first = await issuer(k)
    const { feed, verifier } = followed(first.url, other)
    await feed.refresh()
    const ana = await signIn(other.tokens)
    await other.tokens.revoke(ana)
    first.server.close().closeAllConnections()
    await issuer(other, Number(new URL(first.url).port))
    await feed.refresh()
    expect(codeOf(verifier.verify(ana.accessToken))).toBe('session_ended')
  })

  it('[TOK-10] pages of thousands are read to the end', async () => {
    const k = kit({ maxSessions: 12_000, keys: undefined })
    const subs = Array.from({ length: 11_000 }, (_, i) => `user ${i}`)
    for (const sub of subs) await k.tokens.revokeAll(sub)
    const { url, asked } = await issuer(k)
    const { feed } = followed(url, k)
    const told: unknown[] = []
    feed.follow((revocation) => told.push(revocation))
    await feed.refresh()
    expect([told.length, asked.length]).toEqual([11_000, 3])
  })

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['a list', []],
    ['another version', { v: 2, cursor: 'a', complete: true, age: 0, revocations: [] }],
    ['a cursor with a line break', { v: 1, cursor: 'a\n', complete: true, age: 0, revocations: [] }],
    ['a session that is a number', { v: 1, cursor: 'a', complete: true, age: 0, revocations: [['s', 7, 1]] }],
    ['an epoch that is no number', { v: 1, cursor: 'a', complete: true, age: 0, revocations: [['e', '9']] }],
    ['a kind of its own', { v: 1, cursor: 'a', complete: true, age: 0, revocations: [['x', 'y', 1]] }],
    ['a negative age', { v: 1, cursor: 'a', complete: true, age: -1, revocations: [] }],
  ])('[TOK-10] an answer that is %s is no answer', (_, body) => {
    expect(() => readBatch(body)).toThrow(TypeError)
  })

  it('[TOK-10] an issuer that knows nothing itself leaves its followers stale', () => {
    expect(readBatch({ v: 1, cursor: 'a', complete: true, age: null, revocations: [] }).ageMs).toBe(Number.POSITIVE_INFINITY)
  })

  it.each(['http://id.example/x', 'id.example', 'https://user:secret@id.example/x', 'file:///etc/passwd', ''])(
    'does not follow %j',
    (url) => {
      expect(() => httpFeed(url)).toThrow(ConfigurationError)
    },
  )
})
