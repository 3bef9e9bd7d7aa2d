import type { Script } from './script.ts'

/** How long a call may take. */
export interface CallOptions {
  /** Milliseconds until the call is answered with `store_unavailable`, all of its round trips included. */
  readonly deadlineMs: number
}

/** Options of {@link RedisLike.run}. */
export interface RunOptions extends CallOptions {
  /**
   * How many replicas should have the writes before the call is answered (`WAIT`). Waiting takes at most a third of the deadline,
   * and too few of them are an answer, not an error.
   */
  readonly acks?: number | undefined
}

/** What a script answered. */
export interface RunResult {
  /** As the script returned it: integers are numbers, texts are strings, or Buffers if the script asks for them. */
  readonly value: unknown
  /**
   * How many replicas have the writes, when `acks` was given and the master has replicas. `undefined` when there is nothing to wait
   * for; 0 when it is not known.
   */
  readonly acked?: number | undefined
}

/** An entry of a stream. */
export interface Entry {
  /** Its id, such as `1700000000000-0`: what the next {@link RedisLike.read} goes on after. */
  readonly id: string
  readonly fields: ReadonlyMap<string, Buffer>
}

/** What a subscription hears. What these throw harms nobody, and is counted. */
export interface SubscriptionHandlers {
  /** A message. */
  message(message: Buffer): void
  /**
   * Messages may have been missed, or may be from now on: called when the subscription stands, for the first time and every time
   * after, and whenever it is lost. Read what you follow by other means.
   */
  gap(): void
}

/** The least that stores of Wardstone need from Redis. {@link createRedis} makes one. */
export interface RedisLike {
  /**
   * Runs a script. All its keys are in `keys`, and share one hash tag. Nothing is sent twice.
   *
   * @throws {@link StoreUnavailableError} `store_unavailable`
   * @throws {@link RedisCommandError} `redis_command_failed`
   * @throws {@link InvalidArgumentError} `invalid_argument`
   */
  run(script: Script, keys: readonly string[], args: readonly (string | Buffer)[], options: RunOptions): Promise<RunResult>
  /**
   * Reads at most `limit` entries of a stream that come after an id, from its master; `0-0` for the oldest. Does not block.
   *
   * @throws {@link StoreUnavailableError} `store_unavailable`
   * @throws {@link RedisCommandError} `redis_command_failed`
   * @throws {@link InvalidArgumentError} `invalid_argument`
   */
  read(stream: string, after: string, limit: number, options: CallOptions): Promise<readonly Entry[]>
  /**
   * Listens to a channel, on a connection for all subscriptions that is made again as often as it breaks. Returns at once, also
   * while Redis is away; the function that it resolves to ends the subscription.
   */
  subscribe(channel: string, on: SubscriptionHandlers): Promise<() => Promise<void>>
}
