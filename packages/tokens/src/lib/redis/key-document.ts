import { randomUUID } from 'node:crypto'
import { readOptions, type Duration } from '@wardstone/core'
import { keySpace, script, type RedisLike } from '@wardstone/redis'
import { isObjectWith } from '../access/verifier.ts'
import type { WritableKeyDocument } from '../keys/key-document.ts'
import { namespaceOf } from '../refresh/wire.ts'

/** Options of {@link redisKeyDocument}. */
export interface RedisKeyDocumentOptions {
  /** `createRedis({ client })`. */
  readonly redis: RedisLike
  /** The issuer whose keys these are: each has its own. */
  readonly issuer: string
  /** How long a call may take. Default 1 second. */
  readonly deadline?: Duration | undefined
  /** Added to the clock of the server, read at each call: for tests. */
  readonly testClockOffset?: (() => number) | undefined
}

/** In every script the time is the server's. */
const CLOCK = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000) + ARGV[1]
`

/** Runs where it is written, on the master: a replica lags behind. */
const READ = script(
  `${CLOCK}
local stored = redis.call('HMGET', KEYS[1], 'v', 't')
return { string.format('%.0f', now), stored[1] or '', stored[2] or '' }`,
  { name: 'keys.read' },
)

/** ARGV: the offset of the test clock, the expected version or '', the next one, the text, not after. */
const WRITE = script(
  `${CLOCK}
if (redis.call('HGET', KEYS[1], 'v') or '') ~= ARGV[2] or now > tonumber(ARGV[5]) then return 0 end
redis.call('HSET', KEYS[1], 'v', ARGV[3], 't', ARGV[4])
return 1`,
  { name: 'keys.write' },
)

/**
 * Keeps the keys of a shared set in Redis 6.2 or later: a single server, Sentinel or Cluster. A writing waits for a replica, if there is one. What
 * a failover loses nevertheless, the nodes put back from memory.
 *
 * @throws {@link ConfigurationError} `invalid_options`
 *
 * @example
 * ```ts
 * import { generateSecret, secretRing } from '@wardstone/core'
 * import { createRedis } from '@wardstone/redis'
 * import { createSharedKeySet } from '@wardstone/tokens'
 * import { redisKeyDocument } from '@wardstone/tokens/redis'
 * import { Redis } from 'ioredis'
 *
 * const redis = createRedis({ client: new Redis('redis://127.0.0.1', { enableOfflineQueue: false, maxRetriesPerRequest: 1 }) })
 * export const keys = createSharedKeySet({
 *   document: redisKeyDocument({ redis, issuer: 'https://id.example' }),
 *   ring: secretRing({ current: generateSecret() }),
 * })
 * ```
 */
export function redisKeyDocument(options: RedisKeyDocumentOptions): WritableKeyDocument {
  const { redis, key, deadlineMs, offset } = readOptions('redisKeyDocument', options, (o) => {
    const redis = o.value<RedisLike>('redis', 'expected createRedis({ client })', (v) => isObjectWith(v, 'run'))
    if (redis === undefined) o.problem('redis', 'required; expected createRedis({ client })')
    const deadlineMs = o.duration('deadline', '1s')
    if (deadlineMs < 10 || deadlineMs > 4_000) o.problem('deadline', 'expected 10ms to 4s')
    return {
      redis: redis as RedisLike,
      key: keySpace('tokens', namespaceOf(o.text('issuer'))).key('keys', 'document'),
      deadlineMs,
      offset: o.callback<(() => number) | undefined>('testClockOffset') ?? (() => 0),
    }
  })
  return {
    async read() {
      const { value } = await redis.run(READ, [key], [String(offset())], { deadlineMs })
      const [now, version, text] = value as readonly [string, string, string]
      return { now: Number(now), stored: version === '' ? undefined : { version, text } }
    },
    async write(expected, text, notAfter) {
      const args = [String(offset()), expected ?? '', randomUUID(), text, String(notAfter)]
      const { value } = await redis.run(WRITE, [key], args, { deadlineMs, acks: 1 })
      return value === 1
    },
  }
}
