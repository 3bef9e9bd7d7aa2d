import { warn, type WarningCode } from '@wardstone/core'
import type { Cluster, Redis } from 'ioredis'
import { isCluster } from './link.ts'

/** Something that an operator should know. */
export interface Concern {
  readonly code: WarningCode
  readonly message: string
}

/** More than this is not retrying, it is hoping. */
const RETRIES = 3
/** `XRANGE` with an exclusive start, `GETEX`, `SET … GET`. */
const OLDEST = [6, 2] as const

/** What is dangerous about a client's settings. */
export function concernsOfClient(client: Redis | Cluster): readonly Concern[] {
  const found: Concern[] = []
  const cluster = isCluster(client) ? client.options : undefined
  const { commandTimeout, maxRetriesPerRequest, ...node } =
    (isCluster(client) ? client.options.redisOptions : client.options) ?? {}
  const retries = maxRetriesPerRequest === undefined ? 20 : maxRetriesPerRequest
  if (client.options.enableOfflineQueue !== false || (cluster === undefined && (retries === null || retries > RETRIES))) {
    found.push({
      code: 'WARDSTONE_REDIS_QUEUES',
      message:
        'the Redis client holds commands back while it is not connected, and sends them again: those of Wardstone have a deadline and are ' +
        'sent once, but all others of this client wait, run late or run twice; set enableOfflineQueue: false and maxRetriesPerRequest: 1',
    })
  }
  if (commandTimeout !== undefined) {
    found.push({
      code: 'WARDSTONE_REDIS_COMMAND_TIMEOUT',
      message:
        'the Redis client has a commandTimeout, which may end calls before the deadline that they were given; leave it out',
    })
  }
  if (
    (cluster && cluster.scaleReads !== 'master') ||
    ('role' in node && node.role === 'slave') ||
    ('readOnly' in node && node.readOnly)
  ) {
    found.push({
      code: 'WARDSTONE_REDIS_REPLICA_READS',
      message: 'the Redis client reads from replicas, which lag behind and take no writes; use a client of the masters',
    })
  }
  if (client.options.enableReadyCheck === false) {
    found.push({
      code: 'WARDSTONE_REDIS_READY_CHECK',
      message: 'the Redis client does not wait until a server has loaded its data; leave enableReadyCheck on',
    })
  }
  const again = cluster ? cluster.clusterRetryStrategy : 'retryStrategy' in node ? node.retryStrategy : undefined
  if (typeof again !== 'function') {
    found.push({
      code: 'WARDSTONE_REDIS_NO_RECONNECT',
      message: 'the Redis client does not connect again after the connection is lost; leave its retry strategy as it is',
    })
  }
  return found
}

/** What is dangerous about a server, by its `INFO`. */
export function concernsOfServer(info: Readonly<Record<string, string | undefined>>): readonly Concern[] {
  const found: Concern[] = []
  const policy = info['maxmemory_policy']
  if (policy !== undefined && policy !== 'noeviction') {
    found.push({
      code: 'WARDSTONE_REDIS_EVICTION',
      message: `Redis evicts keys (${policy}): sessions, limits and revocations vanish when memory is short; set maxmemory-policy noeviction`,
    })
  }
  const [major = 0, minor = 0] = (info['redis_version'] ?? '').split('.').map(Number)
  if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) {
    found.push({ code: 'WARDSTONE_REDIS_VERSION', message: `Redis is older than ${OLDEST.join('.')}` })
  }
  return found
}

/** Says each concern aloud, once. */
export class Concerns {
  readonly #said = new Map<WarningCode, string>()

  /** The codes of all so far. */
  get codes(): readonly WarningCode[] {
    return [...this.#said.keys()]
  }

  say(concerns: readonly Concern[]): void {
    for (const { code, message } of concerns) {
      if (this.#said.has(code)) continue
      this.#said.set(code, message)
      warn(code, message)
    }
  }
}
