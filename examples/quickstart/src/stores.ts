import { createRedis } from '@wardstone/redis'
import { memoryStore, type SessionStore } from '@wardstone/tokens'
import { redisStore } from '@wardstone/tokens/redis'
import { Redis } from 'ioredis'

/** Where sessions are kept. */
export interface OpenStore {
  readonly store: SessionStore
  /** Rejects while the store cannot be used, for the readiness probe. Left out where there is nothing to ask. */
  readonly check?: (() => Promise<void>) | undefined
  close(): void
}

/** How a store is opened. */
export interface StoreOptions {
  readonly url?: string | undefined
  /** Added to the clock of the server: the demo and the tests move their own. */
  readonly testClockOffset?: (() => number) | undefined
}

/** The stores that `STORE` names. */
export const STORES = ['memory', 'redis'] as const

/** Opens a store by its name. Sessions in memory end with the process; accounts do so in any case. */
export function openStore(name: string, { url, testClockOffset }: StoreOptions = {}): OpenStore {
  if (name === 'memory') return { store: memoryStore(), close: () => {} }
  if (name !== 'redis') throw new Error(`STORE: expected ${STORES.join(' or ')}`)
  if (url === undefined) throw new Error('REDIS_URL: required by STORE=redis, such as redis://127.0.0.1:6379')
  // Answers come in time or not at all: nothing waits in a queue, and nothing is sent twice.
  const client = new Redis(url, { enableOfflineQueue: false, maxRetriesPerRequest: 1 })
  client.on('error', () => {}) // said by the readiness probe, and by every call that needs it
  const redis = createRedis({ client })
  const store = redisStore({ redis, testClockOffset })
  return {
    store,
    async check() {
      if (!(await redis.health()).ready) throw new Error('Redis does not answer')
    },
    close() {
      store.close()
      redis.close()
      client.disconnect()
    },
  }
}
