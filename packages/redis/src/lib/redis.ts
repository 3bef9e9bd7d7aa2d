import { InvalidArgumentError } from '@wardstone/core'
import { Acks } from './acks.ts'
import { Breakers } from './breakers.ts'
import { inTime, type Deadline } from './deadline.ts'
import { answerOf, countsAgainstNode, faultOf, Late, StoreUnavailableError, type RedisCommandError } from './errors.ts'
import { examine, type RedisHealth } from './health.ts'
import { checkKeys } from './keys.ts'
import { Link } from './link.ts'
import type { OneShot } from './one-shot.ts'
import { readSettings, type RedisConnectionOptions, type Settings } from './options.ts'
import type { CallOptions, Entry, RedisLike, RunOptions, RunResult, SubscriptionHandlers } from './port.ts'
import { runScript, scriptCall } from './run-script.ts'
import { scanKeys } from './scan.ts'
import type { Script } from './script.ts'
import { pageOf, readPage } from './stream.ts'
import { Subscriptions } from './subscriptions.ts'
import { Concerns, concernsOfClient } from './warnings.ts'

/** Options of {@link RedisConnection.scan}. */
export interface ScanOptions {
  /** For each page. Default 1000. */
  readonly deadlineMs?: number | undefined
  /** About how many keys a server looks at for a page. Default 500. */
  readonly count?: number | undefined
}

/** What a connection did since it was made. */
export interface RedisStats {
  /** Calls that were made. */
  readonly calls: number
  /** Calls that were not answered within their deadline. */
  readonly expired: number
  /** Calls that were not tried, since the server failed too often. */
  readonly refused: number
  /** Calls that failed in another way with `store_unavailable`. */
  readonly unavailable: number
  /** Calls that failed with `redis_command_failed`. */
  readonly failed: number
  /** Breakers that let nobody through now. */
  readonly open: number
  /** Connections that were dropped because their server hung, or had become a replica. */
  readonly dropped: number
  /** Subscriptions now. */
  readonly subscriptions: number
  /** What handlers of subscriptions have thrown. */
  readonly thrown: number
}

/** How Wardstone talks to Redis. Safe for concurrent use. */
export interface RedisConnection extends RedisLike {
  /**
   * Walks through all keys that fit a pattern, on every master. A key that is there all the time comes at least once, maybe twice.
   *
   * @throws {@link StoreUnavailableError} `store_unavailable`
   * @see {@link https://redis.io/docs/latest/commands/scan/ | SCAN}
   */
  scan(pattern: string, options?: ScanOptions): AsyncIterable<string>
  /** How every master is. Takes at most `deadlineMs`, 1000 by default, twice; never throws. */
  health(options?: Partial<CallOptions>): Promise<RedisHealth>
  /** Counters since construction. */
  stats(): RedisStats
  /** Ends subscriptions and the connections that were made beside the client, which stays open and stays yours. */
  close(): void
}

/**
 * Makes a {@link RedisConnection} of a client of ioredis, which may be connected or not: a Redis that is away when the
 * application starts is used once it is there.
 *
 * Every call is answered within its deadline, with a value or with a typed error, and reaches a server at most once. A server that fails
 * is left alone, but for a probe now and then. Settings of the client that are dangerous are coded warnings.
 *
 * @throws {@link ConfigurationError} `invalid_options`
 *
 * @example
 * ```ts
 * import { createRedis, integer, keySpace, script } from '@wardstone/redis'
 * import { Redis } from 'ioredis'
 *
 * const client = new Redis('redis://127.0.0.1', { enableOfflineQueue: false, maxRetriesPerRequest: 1 })
 * const redis = createRedis({ client, events: (event) => console.log(event.name, event.data) })
 *
 * const keys = keySpace('visits', 'shop')
 * const visit = script("return redis.call('INCR', KEYS[1])", { name: 'visit' })
 *
 * const { value } = await redis.run(visit, [keys.key('ana')], [], { deadlineMs: 50 })
 * console.log(integer(value))
 * ```
 */
export function createRedis(options: RedisConnectionOptions): RedisConnection {
  return new Connection(readSettings(options))
}

/** A call on its way. */
interface Attempt {
  readonly name: string
  /** The last one that was made: `EVAL` follows `EVALSHA`. */
  readonly command: OneShot
}

const EXAMINE_MS = 1_000
/** What a timer can wait for. */
const MOST = 2 ** 31 - 1

class Connection implements RedisConnection {
  readonly #link: Link
  readonly #acks: Acks
  readonly #subscriptions: Subscriptions
  readonly #breakers: Breakers
  readonly #concerns = new Concerns()
  readonly #nodeNames = (): readonly string[] => this.#link.nodeNames()
  readonly #counts = { calls: 0, expired: 0, refused: 0, unavailable: 0, failed: 0 }
  readonly #examine = (): void => void examine(this.#link, this.#concerns, EXAMINE_MS)
  #closed = false

  constructor({ client, breaker, heartbeatMs, events, now }: Settings) {
    this.#concerns.say(concernsOfClient(client))
    this.#link = new Link(client)
    this.#acks = new Acks(this.#link)
    this.#subscriptions = new Subscriptions(this.#link, heartbeatMs)
    this.#breakers = new Breakers(breaker, now, events)
    if (client.status === 'ready') this.#examine()
    else client.once('ready', this.#examine)
  }

  async run(
    script: Script,
    keys: readonly string[],
    args: readonly (string | Buffer)[],
    options: RunOptions,
  ): Promise<RunResult> {
    const { deadlineMs, acks } = options
    checkKeys(keys)
    const call = scriptCall(script, keys, args, this.#link)
    const node = this.#link.nodeOf(call.command)
    if (acks === undefined) {
      return { value: await this.#ask(call, node, deadlineMs, (deadline) => runScript(call, this.#link, deadline)) }
    }
    checkWhole('acks', acks)
    const began = performance.now()
    const written = await this.#ask(call, node, deadlineMs, (deadline) => this.#acks.run(call, acks, deadlineMs, deadline))
    const left = Math.max(1, deadlineMs - (performance.now() - began))
    // The script has run: what comes after it can be late, but not wrong.
    return { value: written.value, acked: await inTime(left, () => written.acked).catch(() => 0) }
  }

  async read(stream: string, after: string, limit: number, { deadlineMs }: CallOptions): Promise<readonly Entry[]> {
    checkKeys([stream])
    const command = pageOf(stream, after, limit, this.#link.keyPrefix)
    const node = this.#link.nodeOf(command)
    return this.#ask({ name: 'XRANGE', command }, node, deadlineMs, (deadline) => readPage(command, this.#link, deadline))
  }

  async subscribe(channel: string, on: SubscriptionHandlers): Promise<() => Promise<void>> {
    if (this.#closed) throw new StoreUnavailableError({ reason: 'closed', mayHaveRun: false })
    if (channel === '') throw new InvalidArgumentError('channel', 'expected a name')
    const end = this.#subscriptions.add(channel, on)
    return async () => end()
  }

  scan(pattern: string, { deadlineMs = EXAMINE_MS, count = 500 }: ScanOptions = {}): AsyncIterable<string> {
    checkWhole('count', count)
    const masters = (): ReturnType<Link['masters']> =>
      inTime(deadlineMs, (deadline) => this.#link.masters(deadline)).catch((error: unknown) => {
        throw faultOf(error, 'SCAN', false)
      })
    return scanKeys(this.#link, pattern, count, masters, (node, command, send) =>
      this.#ask({ name: 'SCAN', command }, node, deadlineMs, send),
    )
  }

  async health({ deadlineMs = EXAMINE_MS }: Partial<CallOptions> = {}): Promise<RedisHealth> {
    return examine(this.#link, this.#concerns, deadlineMs)
  }

  stats(): RedisStats {
    this.#breakers.forget(this.#link.nodeNames())
    const { open } = this.#breakers
    const { count: subscriptions, thrown } = this.#subscriptions
    return { ...this.#counts, open, dropped: this.#link.dropped, subscriptions, thrown }
  }

  close(): void {
    this.#closed = true
    this.#link.client.off('ready', this.#examine)
    this.#subscriptions.close()
    this.#acks.close()
    this.#link.detach()
  }

  /** Does the work under a deadline, if the breaker lets it, and turns what goes wrong into an error of ours. */
  #ask<T>(attempt: Attempt, node: string, deadlineMs: number, work: (deadline: Deadline) => Promise<T>): Promise<T> {
    checkWhole('deadlineMs', deadlineMs)
    if (this.#closed) throw new StoreUnavailableError({ reason: 'closed', mayHaveRun: false })
    this.#counts.calls++
    const gate = this.#breakers.of(node, deadlineMs, this.#nodeNames)
    const pass = gate === undefined ? 'call' : gate.enter()
    if (typeof pass !== 'string') {
      this.#counts.refused++
      throw pass
    }
    return inTime(deadlineMs, work).then(
      (value) => {
        gate?.leave(pass)
        return value
      },
      (error: unknown) => {
        const fault = this.#faultOf(error, attempt)
        gate?.leave(pass, countsAgainstNode(error) ? fault.message : undefined)
        this.#mend(error, attempt)
        throw fault
      },
    )
  }

  #faultOf(error: unknown, { name, command }: Attempt): StoreUnavailableError | RedisCommandError {
    const { client, lastError } = this.#link
    const expired = error instanceof Late
    const apart = expired && !command.written && client.status !== 'ready'
    const fault = faultOf(apart ? new Error(lastError?.message ?? 'the client is not connected') : error, name, command.written)
    if (expired) this.#counts.expired++
    else this.#counts[fault instanceof StoreUnavailableError ? 'unavailable' : 'failed']++
    return fault
  }

  /** What failed may need another connection to come right. */
  #mend(error: unknown, { command }: Attempt): void {
    const answer = answerOf(error)
    if (answer === undefined) this.#link.lost()
    if (command.socket === undefined) return
    if (answer === 'READONLY') this.#link.demoted(command.socket)
    if (error instanceof Late && command.written) this.#link.silent(command.socket)
  }
}

function checkWhole(name: string, value: number): void {
  if (!Number.isInteger(value) || value < 1 || value > MOST)
    throw new InvalidArgumentError(name, `expected a whole number from 1 to ${MOST}`)
}
