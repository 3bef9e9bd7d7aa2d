import type { SecurityEvent } from '@wardstone/core'

/** A Redis server failed so often that it is not asked any more, but for a probe now and then. */
export type RedisUnavailable = SecurityEvent<
  'redis_unavailable',
  {
    /** `host:port` in a Cluster, otherwise empty. */
    readonly node: string
    /** What the last failure was. */
    readonly reason: string
    /** The deadline of the calls that failed: those with a much longer one are judged apart. */
    readonly deadlineMs: number
  }
>

/** A Redis server that had become unavailable answers again, or another one has its place. */
export type RedisRecovered = SecurityEvent<
  'redis_recovered',
  {
    /** `host:port` in a Cluster, otherwise empty. */
    readonly node: string
    /** For how long it was not asked. */
    readonly afterMs: number
  }
>

/** What a connection reports. */
export type RedisEvent = RedisUnavailable | RedisRecovered
