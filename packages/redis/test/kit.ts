import { Cluster, Redis, type ClusterOptions, type RedisOptions } from 'ioredis'
import { afterEach } from 'vitest'
import type { RedisServer } from '@wardstone/testkit/servers'
import { createRedis, script, type RedisConnection, type RedisConnectionOptions } from '../src/index.ts'

/** Options without the one that is a parameter of the client's type. */
export type OfRedis = Omit<RedisOptions, 'replyMapping'>
export type OfCluster = Omit<ClusterOptions, 'redisOptions'> & {
  redisOptions?: Omit<NonNullable<ClusterOptions['redisOptions']>, 'replyMapping'>
}

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

/** Ends something after the test. */
export function later(close: () => unknown): void {
  closing.push(close)
}

/** A client as the documentation recommends it, which tries again soon. */
export function clientOf(server: { readonly url: string }, options: OfRedis = {}): Redis {
  const client = new Redis(server.url, {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 1,
    retryStrategy: () => 20,
    disconnectTimeout: 100,
    ...options,
  })
  later(() => client.disconnect())
  return client
}

/** The same for Cluster. */
export function clusterOf(nodes: readonly RedisServer[], options: OfCluster = {}): Cluster {
  const client = new Cluster(
    nodes.map(({ host, port }) => ({ host, port })),
    { enableOfflineQueue: false, slotsRefreshTimeout: 300, clusterRetryStrategy: () => 20, ...options },
  )
  later(() => client.disconnect())
  return client
}

/** A connection that ends after the test. */
export function connect(client: Redis | Cluster, options: Omit<RedisConnectionOptions, 'client'> = {}): RedisConnection {
  const redis = createRedis({ client, ...options })
  later(() => redis.close())
  return redis
}

/** Counts how often it ran: what must not run twice. */
export const add = script("return redis.call('INCR', KEYS[1])", { name: 'add' })

/** Answers the count, without changing it. */
export const look = script("return redis.call('GET', KEYS[1]) or '0'", { name: 'look' })

/** Answers what it was given. */
export const echo = script('return ARGV[1]', { name: 'echo' })

/** What became of a promise, as a value. */
export async function outcome<T>(promise: Promise<T>): Promise<T | Error> {
  return promise.catch((error: Error) => error)
}

/** Asks again until the answer is a yes. */
export async function until(ask: () => unknown, limitMs = 10_000): Promise<void> {
  const end = performance.now() + limitMs
  while (!(await ask())) {
    if (performance.now() > end) throw new Error('it did not come')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

/** The same promise, or an error that says what did not happen. */
export async function within<T>(what: string, promise: Promise<T>, limitMs = 5_000): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} did not come within ${limitMs} ms`)), limitMs)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

/** All that comes, as a list. */
export async function all<T>(coming: AsyncIterable<T>): Promise<readonly T[]> {
  const list: T[] = []
  for await (const one of coming) list.push(one)
  return list
}
