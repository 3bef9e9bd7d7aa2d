// One process of the fleet: a token service on the Cluster, served over HTTP until the driver has seen enough.
import { AsyncLocalStorage } from 'node:async_hooks'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { InvalidArgumentError, secret, secretRing } from '@wardstone/core'
import { jsonReply, principalOf } from '@wardstone/http'
import { endpoint, guard, listener, type NodeHandler } from '@wardstone/http/node'
import { createRedis } from '@wardstone/redis'
import { perform } from '@wardstone/testkit/servers'
import { createKeySet, createTokenService, type TokenEvent } from '@wardstone/tokens'
import { bearer, createSessionEndpoints } from '@wardstone/tokens/http'
import { redisStore } from '@wardstone/tokens/redis'
import { Cluster } from 'ioredis'
import type { ProcessReport, ProcessSettings } from './report.ts'
import { TIMES } from './times.ts'

const ISSUER = 'https://id.example'
const AUDIENCE = 'https://api.example'

await perform(async ({ nodes, jwk, material }: ProcessSettings, step): Promise<ProcessReport> => {
  const calls = new AsyncLocalStorage<string>()
  const events: TokenEvent[] = []
  const undurable: string[] = []

  const client = new Cluster([...nodes], { enableOfflineQueue: false, slotsRefreshTimeout: 300, clusterRetryStrategy: () => 50 })
  client.on('error', () => {}) // every call that needs it says so
  const redis = createRedis({ client })
  const store = redisStore({ redis, deadline: TIMES.deadline, every: TIMES.every })
  const tokens = createTokenService({
    issuer: ISSUER,
    audience: AUDIENCE,
    keys: createKeySet({ algorithm: 'ES256', initial: jwk, tokenTtl: TIMES.access }),
    secrets: secretRing({ current: secret(material) }),
    store,
    access: { ttl: TIMES.access },
    refresh: { idle: TIMES.idle, absolute: TIMES.absolute, grace: TIMES.grace, lostWindow: TIMES.lostWindow },
    skew: TIMES.skew,
    maxStaleness: TIMES.maxStaleness,
    claims: () => ({ roles: ['user'] }),
    events: (event) => {
      events.push(event)
      // It names no session: whose call it was has to be known.
      if (event.name === 'session_not_durable') undurable.push(calls.getStore() ?? event.data.verb)
    },
  })

  const sessions = createSessionEndpoints({ tokens, cookie: { secure: true } })
  const signedIn = guard(bearer(tokens))
  const perhaps = guard(bearer(tokens, { optional: true }))
  const routes: Readonly<Record<string, readonly NodeHandler[]>> = {
    '/login': [
      endpoint((ctx) => {
        const sub = ctx.header('x-sub')
        if (sub === undefined) throw new InvalidArgumentError('x-sub', 'expected who signs in')
        return sessions.begin(ctx, { sub })
      }),
    ],
    '/refresh': [endpoint(sessions.refresh)],
    '/logout': [perhaps, endpoint(sessions.logout)],
    '/logout-all': [signedIn, endpoint(sessions.logoutAll)],
    '/me': [signedIn, endpoint((ctx) => jsonReply(200, { id: principalOf(ctx).id }))],
  }
  const route: NodeHandler = (request, response, next) => {
    const handlers = routes[request.url ?? ''] ?? []
    const from = (at: number): void => handlers[at]?.(request, response, (error) => (error == null ? from(at + 1) : next(error)))
    if (handlers.length === 0) next()
    else from(0)
  }
  const listen = listener([route])
  const server = createServer((request, response) =>
    calls.run(String(request.headers['x-call']), () => listen(request, response)),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))

  const staleness = { worst: 0, stale: 0, samples: 0 }
  const sample = (): void => {
    const now = tokens.stats().staleness
    staleness.samples++
    staleness.worst = Math.max(staleness.worst, now)
    if (now > TIMES.maxStaleness) staleness.stale++
  }
  while (tokens.stats().staleness === Number.POSITIVE_INFINITY) await new Promise((resolve) => setTimeout(resolve, 10))
  setInterval(sample, 20)

  await step(`${(server.address() as AddressInfo).port}`)
  return { events, undurable, staleness, refreshed: tokens.stats().refreshed }
})
