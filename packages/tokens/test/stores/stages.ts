import { fakeClock, type FakeClock } from '@wardstone/testkit'
import type { SessionStage } from '@wardstone/testkit/sessions'
import { createRedis, type RedisConnection, type RedisLike } from '@wardstone/redis'
import { Cluster, Redis, type RedisOptions } from 'ioredis'
import { memoryStore, type SessionStore } from '../../src/index.ts'
import { redisStore, type RedisSessionStore } from '../../src/redis.ts'
import { until } from './until.ts'

/** Each issuer has a store in memory; processes of one share it. */
export function memoryStage(storeOf = (clock: FakeClock): SessionStore => memoryStore({ now: clock.now })): SessionStage {
  const clock = fakeClock()
  const stores = new Map<string, SessionStore>()
  return {
    clock,
    open(settings) {
      const store = stores.get(settings.namespace) ?? storeOf(clock)
      stores.set(settings.namespace, store)
      store.configure(settings)
      return store
    },
  }
}

/** A Redis, a Sentinel's or a Cluster, for all cases of a file. */
export class Place {
  readonly #client: Redis | Cluster
  readonly #redis: RedisConnection

  constructor(client: Redis | Cluster) {
    this.#client = client
    this.#redis = createRedis({ client })
  }

  static async at(client: Redis | Cluster): Promise<Place> {
    await until('Redis', () => client.status === 'ready' || undefined)
    return new Place(client)
  }

  /** What stores have on this connection is told apart by their issuers. */
  stage(through: (redis: RedisLike) => RedisLike = (redis) => redis): SessionStage {
    const clock = fakeClock(Date.now())
    const stores: RedisSessionStore[] = []
    const namespaces = new Set<string>()
    return {
      clock,
      ticks: true,
      open: (settings) => {
        namespaces.add(settings.namespace)
        const store = redisStore({
          redis: through(this.#redis),
          testClockOffset: clock.offset,
          every: '200ms',
          deadline: '5s',
        })
        stores.push(store)
        store.configure(settings)
        return store
      },
      losing: async (work) => {
        const before = await this.#dump(namespaces)
        await work()
        await this.#remove(namespaces)
        for (const [key, ttl, dump] of before) await this.#client.restore(key, ttl, dump)
      },
      close: async () => {
        for (const store of stores) store.close()
        await this.#remove(namespaces)
      },
    }
  }

  close(): void {
    this.#redis.close()
    this.#client.disconnect()
  }

  async #dump(namespaces: ReadonlySet<string>): Promise<(readonly [key: string, ttl: number, dump: Buffer])[]> {
    const found: (readonly [string, number, Buffer])[] = []
    for (const key of await this.#keys(namespaces)) {
      const [ttl, dump] = [await this.#client.pttl(key), await this.#client.dumpBuffer(key)]
      if (dump !== null) found.push([key, Math.max(0, ttl), dump])
    }
    return found
  }

  async #remove(namespaces: ReadonlySet<string>): Promise<void> {
    for (const key of await this.#keys(namespaces)) await this.#client.unlink(key)
  }

  async #keys(namespaces: ReadonlySet<string>): Promise<readonly string[]> {
    const keys: string[] = []
    for (const namespace of namespaces) {
      for await (const key of this.#redis.scan(`ws:tokens:v1:${namespace}:*`)) keys.push(key)
    }
    return [...new Set(keys)]
  }
}

/** As the documentation recommends, but tries again sooner. */
export const CLIENT = {
  enableOfflineQueue: false,
  maxRetriesPerRequest: 1,
  retryStrategy: () => 20,
} as const satisfies RedisOptions
