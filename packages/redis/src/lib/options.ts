import { readOptions, type Duration, type EventSink, type Now } from '@wardstone/core'
import { Cluster, Redis } from 'ioredis'
import type { BreakerPolicy } from './breaker.ts'
import type { RedisEvent } from './events.ts'

/** When a server that fails is left alone. */
export interface RedisBreakerOptions {
  /** Failures in a row after which it is not asked any more; half of the last 20 do the same. Default 5. */
  readonly failures?: number | undefined
  /** For how long, at first; doubles with each probe that fails, and is cut by up to a half by chance. Default 500 ms. */
  readonly openFor?: Duration | undefined
  /** For how long at most. Default 2 s. */
  readonly openAtMost?: Duration | undefined
}

/** Options of {@link createRedis}. */
export interface RedisConnectionOptions {
  /** A client of ioredis, yours to make and to close: for one server, for Sentinel or for a Cluster. */
  readonly client: Redis | Cluster
  /** `false`: every call takes its chance. */
  readonly breaker?: RedisBreakerOptions | false | undefined
  /** How often the connection of the subscriptions is asked whether it lives. Default 5 s. */
  readonly heartbeat?: Duration | undefined
  /** Hears when Redis becomes unavailable, and when it is back. */
  readonly events?: EventSink<RedisEvent> | undefined
  /** Milliseconds since the Unix epoch, for breaker and events. Default: one that never jumps, unlike `Date.now`. */
  readonly now?: Now | undefined
}

/** The same, checked. */
export interface Settings {
  readonly client: Redis | Cluster
  readonly breaker: BreakerPolicy | undefined
  readonly heartbeatMs: number
  readonly events: EventSink<RedisEvent> | undefined
  readonly now: Now
}

/** Reads the options, or throws all that is wrong with them. */
export function readSettings(options: RedisConnectionOptions): Settings {
  return readOptions('createRedis', options, (o) => {
    const client = o.value<Redis | Cluster>('client', CLIENT, (v) => v instanceof Redis || v instanceof Cluster)
    if (client === undefined) o.problem('client', `required; ${CLIENT}`)
    const breaker = o.part('breaker')
    return {
      client: client as Redis | Cluster,
      breaker: breaker && {
        failures: breaker.integer('failures', { min: 1, max: 1_000 }, 5),
        openForMs: Math.max(1, breaker.duration('openFor', '500ms')),
        openAtMostMs: Math.max(1, breaker.duration('openAtMost', '2s')),
      },
      heartbeatMs: Math.max(10, o.duration('heartbeat', '5s')),
      events: o.callback<EventSink<RedisEvent> | undefined>('events'),
      now: o.callback<Now | undefined>('now') ?? (() => performance.timeOrigin + performance.now()),
    }
  })
}

const CLIENT = 'expected a Redis or Cluster of the ioredis that @wardstone/redis finds'
