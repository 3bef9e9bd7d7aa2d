import { randomInt } from 'node:crypto'
import { emitter, type EventSink, type Now } from '@wardstone/core'
import { admits, CLOSED, probing, settled, type Breaker, type BreakerPolicy, type Pass } from './breaker.ts'
import { StoreUnavailableError } from './errors.ts'
import type { RedisEvent } from './events.ts'

/**
 * A breaker for each node, since one of three that is down must not stop the others; and for each order of deadlines, since what
 * is too slow for a rate limit of 50 ms is quick enough for a session.
 */
export class Breakers {
  readonly #policy: BreakerPolicy | undefined
  readonly #now: Now
  readonly #emit: (event: RedisEvent) => void
  readonly #nodes = new Map<string, Gate[]>()

  constructor(policy: BreakerPolicy | undefined, now: Now, events: EventSink<RedisEvent> | undefined) {
    this.#policy = policy
    this.#now = now
    this.#emit = emitter(events)
  }

  /** How many do not let calls through. */
  get open(): number {
    let count = 0
    for (const gates of this.#nodes.values()) for (const gate of gates) if (gate?.isOpen) count++
    return count
  }

  /** Forgets all nodes but these: what the others had is served elsewhere. */
  forget(known: readonly string[]): void {
    for (const [node, gates] of this.#nodes) {
      if (known.includes(node)) continue
      this.#nodes.delete(node)
      for (const gate of gates) gate?.recovered()
    }
  }

  /** The breaker of a node, `undefined` if there are to be none. `known` are the nodes that there are, for forgetting the others. */
  of(node: string, deadlineMs: number, known: () => readonly string[]): Gate | undefined {
    if (this.#policy === undefined) return undefined
    let gates = this.#nodes.get(node)
    if (gates === undefined) {
      this.forget(known())
      this.#nodes.set(node, (gates = []))
    }
    const order = 32 - Math.clz32(deadlineMs)
    return (gates[order] ??= new Gate(node, deadlineMs, this.#policy, this.#now, this.#emit))
  }
}

/** A breaker and the time. */
export class Gate {
  #breaker: Breaker = CLOSED
  #openedAt = 0
  readonly #node: string
  readonly #deadlineMs: number
  readonly #policy: BreakerPolicy
  readonly #now: Now
  readonly #emit: (event: RedisEvent) => void

  constructor(node: string, deadlineMs: number, policy: BreakerPolicy, now: Now, emit: (event: RedisEvent) => void) {
    this.#node = node
    this.#deadlineMs = deadlineMs
    this.#policy = policy
    this.#now = now
    this.#emit = emit
  }

  get isOpen(): boolean {
    return this.#breaker.state !== 'closed'
  }

  /** Lets a call in, or says why not. */
  enter(): Pass | StoreUnavailableError {
    if (this.#breaker.state === 'closed') return 'call'
    const now = this.#now()
    const pass = admits(this.#breaker, now)
    if (pass === undefined) {
      const retryAfterMs = Math.max(1, Math.ceil(this.#breaker.until - now))
      return new StoreUnavailableError({ reason: 'breaker', mayHaveRun: false, retryAfterMs })
    }
    if (pass === 'probe') this.#breaker = probing(this.#breaker)
    return pass
  }

  /** Takes note of how a call ended: `failure` says of what, if it did. */
  leave(pass: Pass, failure?: string): void {
    const before = this.#breaker
    const ok = failure === undefined
    if (ok && before.state === 'closed') {
      this.#breaker = settled(before, { pass, ok, now: 0, jitter: 0 }, this.#policy) // nearly every call: opens nothing, needs no clock
      return
    }
    const now = this.#now()
    this.#breaker = settled(before, { pass, ok, now, jitter: randomInt(2 ** 32) / 2 ** 32 }, this.#policy)
    if (before.state === 'closed' && this.#breaker.state === 'open') {
      this.#openedAt = now
      const data = { node: this.#node, reason: failure ?? '', deadlineMs: this.#deadlineMs }
      this.#emit({ name: 'redis_unavailable', severity: 'warn', at: now, data })
    }
    if (before.state !== 'closed' && this.#breaker.state === 'closed') this.#tell(now)
  }

  /** Closes it, if it is not: nobody needs the node any more. */
  recovered(): void {
    if (!this.isOpen) return
    this.#breaker = CLOSED
    this.#tell(this.#now())
  }

  #tell(now: number): void {
    const data = { node: this.#node, afterMs: now - this.#openedAt }
    this.#emit({ name: 'redis_recovered', severity: 'info', at: now, data })
  }
}
