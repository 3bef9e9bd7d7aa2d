import { readOptions, type Duration, type OptionReader } from '@wardstone/core'
import type { RedisLike } from '@wardstone/redis'
import { isObjectWith } from '../access/verifier.ts'
import { namespaceOf } from '../refresh/wire.ts'
import { Follower, type FollowedFeed } from '../sessions/followed-feed.ts'
import type { SessionStore } from '../sessions/store.ts'
import { Layout } from './layout.ts'
import { RedisSource } from './source.ts'
import { RedisStore } from './store.ts'

/** Options of {@link redisFeed}. */
export interface RedisFeedOptions {
  /** `createRedis({ client })`. */
  readonly redis: RedisLike
  /** The issuer whose revocations are followed. */
  readonly issuer: string
  /** As the issuer's store has it. Default 16. */
  readonly buckets?: number | undefined
  /** How long a call may take. Default 1 second. */
  readonly deadline?: Duration | undefined
  /** How often everything is read, also when nobody says that there is something new. Default 5 seconds. */
  readonly every?: Duration | undefined
}

/** Options of {@link redisStore}. */
export interface RedisStoreOptions extends Omit<RedisFeedOptions, 'issuer'> {
  /**
   * Answers sign-ins and revocations that no replica has acknowledged in time with `store_unavailable`, instead of with `durable: false` and
   * an event. A master without replicas has nobody to wait for. Default `false`.
   */
  readonly requireDurable?: boolean | undefined
  /** Added to the clock of the server, read at each call: for tests. */
  readonly testClockOffset?: (() => number) | undefined
}

/** A session store on Redis. */
export interface RedisSessionStore extends SessionStore {
  /** Stops following revocations. The connection stays open: it is yours. */
  close(): void
}

/**
 * Keeps sessions in Redis: a single server, Sentinel or Cluster, Redis 6.2 or later. All processes with the same issuer share them.
 *
 * Sessions are spread over `buckets` slots, and that number stays as it is: another one does not find the sessions of before.
 * Redis may lose writes that it has acknowledged when a master fails: SECURITY.md says what that means. One that evicts keys is refused: sign-ins
 * then throw, and it needs `maxmemory-policy noeviction`.
 *
 * @throws {@link ConfigurationError} `invalid_options`
 *
 * @example
 * ```ts
 * import { createRedis } from '@wardstone/redis'
 * import { redisStore } from '@wardstone/tokens/redis'
 * import { Redis } from 'ioredis'
 *
 * const client = new Redis('redis://127.0.0.1', { enableOfflineQueue: false, maxRetriesPerRequest: 1 })
 * export const store = redisStore({ redis: createRedis({ client }) })
 * ```
 */
export function redisStore(options: RedisStoreOptions): RedisSessionStore {
  return new RedisStore(
    readOptions('redisStore', options, (o) => ({
      ...readPlace(o),
      requireDurable: o.oneOf('requireDurable', [false, true], false),
      testClockOffset: o.callback<(() => number) | undefined>('testClockOffset') ?? (() => 0),
    })),
  )
}

/**
 * Follows the revocations of an issuer that keeps its sessions in Redis, for services that only verify. It reads streams and a channel
 * and writes nothing: `+@read +subscribe ~ws:tokens:v1:*:revoked &ws:tokens:v1:*:revoked` is all that its user needs.
 *
 * @throws {@link ConfigurationError} `invalid_options`
 *
 * @example
 * ```ts
 * import { createRedis } from '@wardstone/redis'
 * import { createVerifier, type VerificationKeys } from '@wardstone/tokens'
 * import { redisFeed } from '@wardstone/tokens/redis'
 * import { Redis } from 'ioredis'
 *
 * const issuer = 'https://id.example'
 * const redis = createRedis({ client: new Redis('redis://127.0.0.1', { enableOfflineQueue: false }) })
 * export const verifierOf = (keys: VerificationKeys) =>
 *   createVerifier({ issuer, audience: 'https://api.example', keys, revocation: redisFeed({ redis, issuer }) })
 * ```
 */
export function redisFeed(options: RedisFeedOptions): FollowedFeed {
  const { redis, issuer, buckets, deadlineMs, everyMs } = readOptions('redisFeed', options, (o) => ({
    ...readPlace(o),
    issuer: o.text('issuer'),
  }))
  return new Follower(new RedisSource(redis, new Layout(namespaceOf(issuer), buckets), deadlineMs), { everyMs })
}

function readPlace(o: OptionReader): { redis: RedisLike; buckets: number; deadlineMs: number; everyMs: number } {
  const redis = o.value<RedisLike>('redis', 'expected createRedis({ client })', (v) => isObjectWith(v, 'run'))
  if (redis === undefined) o.problem('redis', 'required; expected createRedis({ client })')
  const deadlineMs = o.duration('deadline', '1s')
  const everyMs = o.duration('every', '5s')
  if (deadlineMs < 10 || deadlineMs > 30_000) o.problem('deadline', 'expected 10ms to 30s')
  if (everyMs < 100 || everyMs > 60_000) o.problem('every', 'expected 100ms to 60s')
  return { redis: redis as RedisLike, buckets: o.integer('buckets', { min: 1, max: 1024 }, 16), deadlineMs, everyMs }
}
