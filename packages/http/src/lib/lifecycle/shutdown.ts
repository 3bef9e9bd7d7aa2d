import type { Now } from '@wardstone/core'
import { closeAll, type Closer } from './closers.ts'
import type { Connections } from './connections.ts'
import type { LifecycleEvent } from './events.ts'
import { Deadline, type After } from './timers.ts'

/** How a shutdown went. */
export interface ShutdownResult {
  /** The signal, `crash`, or what the caller said. */
  readonly reason: string
  /** Requests that had no whole response in time, and were cut. */
  readonly cut: number
  /** The names of what did not close in time or failed to. */
  readonly unclosed: readonly string[]
  /** Nothing was cut and all was closed. */
  readonly clean: boolean
}

/** The times of one shutdown, in milliseconds. */
export interface ShutdownTimes {
  /** How long it goes on serving while probes say that it is not ready. */
  readonly drainDelayMs: number
  /** How long a connection without a request stays open after that. */
  readonly idleDelayMs: number
  /** When requests are cut, from the beginning. */
  readonly cutMs: number
  /** When nothing is waited for any more, from the beginning. */
  readonly wholeMs: number
}

/** What a shutdown ends. */
export interface ShutdownSubject {
  readonly servers: () => Iterable<Connections>
  readonly closers: () => readonly Closer[]
  /** Tells streams that they end now. */
  readonly drain: () => void
  readonly now: Now
  readonly after: After
  readonly emit: (event: LifecycleEvent) => void
  readonly report: (error: unknown) => void
}

/** The phases of an end, once. */
export class Shutdown {
  readonly result: Promise<ShutdownResult>
  readonly #subject: ShutdownSubject
  readonly #reason: string
  readonly #cutting: Deadline
  readonly #end: Deadline

  constructor(subject: ShutdownSubject, reason: string, times: ShutdownTimes) {
    this.#subject = subject
    this.#reason = reason
    this.#cutting = new Deadline(subject.after, times.cutMs)
    this.#end = new Deadline(subject.after, times.wholeMs)
    this.result = this.#run(times)
  }

  /** There was a crash on the way: some request may never be answered, and nobody should wait for it that long. */
  hasten({ cutMs, wholeMs }: Pick<ShutdownTimes, 'cutMs' | 'wholeMs'>): void {
    this.#subject.after(cutMs, () => this.#cutting.end())
    this.#subject.after(wholeMs, () => this.#end.end())
  }

  async #run({ drainDelayMs, idleDelayMs }: ShutdownTimes): Promise<ShutdownResult> {
    const { servers, closers, drain, after, report } = this.#subject
    await Promise.resolve() // whoever is told may ask for the same shutdown
    this.#tell('begun', 0, [])
    // Load balancers ask every few seconds: who stops listening before they have heard refuses their clients.
    if (drainDelayMs > 0) {
      const delay = new Deadline(after, drainDelayMs)
      await Promise.race([delay.passed, this.#cutting.passed])
      delay.end()
    }
    // Connections that wait in the kernel's queue are accepted first: closing the listener would reset them.
    await new Promise((resolve) => setImmediate(resolve))
    const connections = [...servers()]
    const gone = Promise.all(connections.map((server) => server.drain(idleDelayMs)))
    drain()
    await Promise.race([gone, this.#cutting.passed])
    this.#cutting.end()
    const cut = connections.reduce((sum, server) => sum + server.cut(), 0)
    const unclosed = await closeAll(closers(), { after, report, end: this.#end.passed })
    this.#end.end()
    this.#tell('done', cut, unclosed)
    return { reason: this.#reason, cut, unclosed, clean: cut === 0 && unclosed.length === 0 }
  }

  #tell(phase: 'begun' | 'done', cut: number, unclosed: readonly string[]): void {
    const { emit, now } = this.#subject
    const data = { phase, reason: this.#reason, cut, unclosed }
    if (cut === 0 && unclosed.length === 0) emit({ name: 'sys_shutdown', severity: 'info', at: now(), data })
    else emit({ name: 'sys_shutdown', severity: 'warn', at: now(), data })
  }
}
