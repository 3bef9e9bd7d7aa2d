import { createServer, connect, type Socket } from 'node:net'
import { generateSecret, secretRing, WardstoneError } from '@wardstone/core'
import { faultProblem, type Reply } from '@wardstone/http'
import { createRedis } from '@wardstone/redis'
import { fakeClock, type FakeClock } from '@wardstone/testkit'
import { Redis, type Cluster } from 'ioredis'
import { afterEach } from 'vitest'
import { createSessionEndpoints, type SessionEndpoints } from '../../src/http.ts'
import { createKeySet, type TokenServiceOptions } from '../../src/index.ts'
import { redisStore, type RedisStoreOptions } from '../../src/redis.ts'
import { request } from '../kit/http.ts'
import { kit, type Claims, type Kit } from '../kit/service.ts'
import { CLIENT } from './stages.ts'

/** What a call may take before it counts as late: several deadlines, for a machine that is busy. */
const PATIENCE_MS = 5_000

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

/** Ends something after the test, the last one first. */
export function later(close: () => unknown): void {
  closing.push(close)
}

/** What processes of one application have in common. */
export interface Deployment {
  readonly clock: FakeClock
  readonly keys: Kit['keys']
  readonly ring: Kit['ring']
}

export function deployment(): Deployment {
  const clock = fakeClock(Date.now())
  return { clock, keys: createKeySet({ algorithm: 'EdDSA', now: clock.now }), ring: secretRing({ current: generateSecret() }) }
}

/** One process: a token service over Redis, and its endpoints. */
export interface Process extends Kit {
  readonly http: SessionEndpoints
}

export function processOf(
  client: Redis | Cluster,
  { clock, keys, ring }: Deployment = deployment(),
  options: Partial<Pick<TokenServiceOptions<Claims>, 'maxStaleness' | 'revocation'>> = {},
  more: Partial<RedisStoreOptions> = {},
): Process {
  const redis = createRedis({ client, breaker: { openFor: '20ms', openAtMost: '100ms' }, heartbeat: '200ms' })
  const store = redisStore({ redis, deadline: '1s', every: '100ms', testClockOffset: clock.offset, ...more })
  later(() => {
    store.close()
    redis.close()
    client.disconnect()
  })
  const made = kit({ clock, keys, ring, store, ...options })
  return { ...made, http: createSessionEndpoints({ tokens: made.tokens, cookie: { secure: false } }) }
}

export function clientOf({ url }: { readonly url: string }): Redis {
  return new Redis(url, CLIENT)
}

/** What a browser gets: the reply, or what the adapter makes of a fault. */
export async function reply(endpoint: SessionEndpoints['refresh'], refreshToken: string): Promise<Reply> {
  const ctx = request({ cookies: { refresh: refreshToken } })
  try {
    return await endpoint(ctx, undefined)
  } catch (error) {
    return faultProblem(ctx, error)
  }
}

/** How a call ended: `answered`, or the code of the fault if it may pass; and whether in time. */
export async function ending(call: () => Promise<unknown>): Promise<string> {
  const begun = performance.now()
  const word = await call().then(
    () => 'answered',
    (error: unknown) => (error instanceof WardstoneError && error.retryable ? error.code : String(error)),
  )
  return performance.now() - begun > PATIENCE_MS ? `${word}, late` : word
}

/** A way to a server that can be cut, as a network is: connections end, and new ones are not taken. */
export interface Way {
  readonly url: string
  cut(): void
  /** Cuts it instead of bringing the first answer with this word in it: what was asked has been done. */
  cutAt(word: string): void
  mend(): void
}

/** Makes a {@link Way}. */
export async function wayTo(server: { readonly host: string; readonly port: number }): Promise<Way> {
  const sockets = new Set<Socket>()
  let isCut = false
  let word: string | undefined
  const proxy = createServer((near) => {
    if (isCut) return void near.destroy()
    const far = connect(server.port, server.host)
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one)
      one.on('error', () => {})
      one.on('close', () => {
        sockets.delete(one)
        other.destroy()
      })
    }
    near.on('data', (chunk) => far.write(chunk))
    far.on('data', (chunk) => {
      if (word !== undefined && chunk.includes(word)) cut()
      else near.write(chunk)
    })
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  function cut(): void {
    isCut = true
    word = undefined
    for (const socket of sockets) socket.destroy()
  }
  later(() => {
    cut()
    proxy.close()
  })
  const address = proxy.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return { url: `redis://127.0.0.1:${port}`, cut, cutAt: (at) => void (word = at), mend: () => void (isCut = false) }
}
