import { emitter, forget, InvalidArgumentError, readOptions } from '@wardstone/core'
import { HealthCheck, nameOf } from './check.ts'
import { type Closer, type CloserOptions } from './closers.ts'
import { Connections, type AnyServer } from './connections.ts'
import type { LifecycleEvent } from './events.ts'
import { readLifecycle, type LifecycleOptions, type LifecycleSettings } from './options.ts'
import { makeProbes, type LifecycleState, type Probes } from './probes.ts'
import { leave, onCrashes, onSignals, type CrashOrigin } from './process.ts'
import { Shutdown, type ShutdownResult, type ShutdownSubject, type ShutdownTimes } from './shutdown.ts'

/** After so many crashes they are only counted: reporting may be what crashes. */
const MAX_REPORTED = 10

/** How a lifecycle is doing. */
export interface LifecycleStats {
  readonly state: LifecycleState
  /** Requests without a whole response, on all attached servers. */
  readonly inFlight: number
  /** Connections that are open. */
  readonly connections: number
  /** Errors that nobody caught, since the start. */
  readonly crashes: number
  /** How often each check was run, and what it said last. */
  readonly checks: Readonly<Record<string, { readonly runs: number; readonly last: 'up' | 'down' | undefined }>>
}

/** The life of an application in one process: what probes are told, and how it ends. */
export interface Lifecycle extends Probes {
  /** Everything is set up: from now on probes may say ready. */
  started(): void
  /** Takes care of a server, before or after it listens: its requests are waited for. The handler is set before. */
  attach(server: AnyServer): void
  /** Aborted when no new connections are taken any more. For what never ends by itself: event streams, long polls. */
  readonly draining: AbortSignal
  /** Calls when {@link Lifecycle.draining} is aborted, or at once if it was. Answers how to leave off. */
  onDrain(listener: () => void): () => void
  /**
   * Closes something after the last request, in the reverse order of these calls. Answers how to leave off.
   *
   * @throws {@link ConfigurationError} `invalid_options`
   */
  onClose(name: string, close: () => unknown, options?: CloserOptions): () => void
  /** Ends the application, not the process. Called again, it answers with the same end. Never rejects. */
  shutdown(reason?: string): Promise<ShutdownResult>
  /** Ends application and process by signals, by default `SIGTERM` and `SIGINT`; a second one ends at once. */
  handleSignals(signals?: readonly NodeJS.Signals[]): () => void
  /** Ends application and process, with exit code 1, after an error that nobody caught. */
  handleCrashes(): () => void
  stats(): LifecycleStats
}

/**
 * Makes what an orchestrator, a load balancer and an operator need of an application: probes, an end that loses no request,
 * and an end after a crash. Nothing is installed until asked for: `attach`, `handleSignals`, `handleCrashes`.
 *
 * The end has phases. Probes say 503 and everything is served for `drainDelay`; then no connection is accepted, every
 * response says `connection: close`, streams are told; requests are waited for; then what `onClose` has, the last first.
 *
 * @throws {@link ConfigurationError} `invalid_options`
 * @see {@link https://www.rfc-editor.org/rfc/rfc9112#section-9.6 | RFC 9112, section 9.6}
 *
 * @example
 * ```ts
 * import { createServer } from 'node:http'
 * import { createLifecycle } from '@wardstone/http/lifecycle'
 * import { endpoint, listener } from '@wardstone/http/node'
 *
 * declare const pool: { query(sql: string): Promise<unknown>; end(): Promise<void> }
 *
 * const lifecycle = createLifecycle({ checks: { database: () => pool.query('select 1') } })
 * const ready = endpoint(lifecycle.ready)
 * const server = createServer(listener([(req, res, next) => (req.url === '/readyz' ? ready(req, res, next) : next())]))
 * lifecycle.attach(server)
 * lifecycle.onClose('database', () => pool.end())
 * lifecycle.handleSignals()
 * lifecycle.handleCrashes()
 * server.listen(8080, () => lifecycle.started())
 * ```
 */
export function createLifecycle(options: LifecycleOptions = {}): Lifecycle {
  return new NodeLifecycle(readOptions('createLifecycle', options, readLifecycle))
}

class NodeLifecycle implements Lifecycle {
  readonly live: Probes['live']
  readonly ready: Probes['ready']
  readonly startup: Probes['startup']
  readonly #settings: LifecycleSettings
  readonly #checks: readonly HealthCheck[]
  readonly #emit: (event: LifecycleEvent) => void
  readonly #servers = new Map<AnyServer, Connections>()
  readonly #closers = new Set<Closer>()
  readonly #draining = new AbortController()
  #started = false
  #crashes = 0
  #shutdown: Shutdown | undefined

  constructor(settings: LifecycleSettings) {
    this.#settings = settings
    this.#emit = emitter(settings.events)
    const around = { now: settings.now, after: settings.after, emit: this.#emit, report: this.#report }
    this.#checks = settings.checks.map((check) => new HealthCheck(check, around))
    const { live, ready, startup } = makeProbes(this.#checks, () => this.#state)
    this.live = live
    this.ready = ready
    this.startup = startup
  }

  get draining(): AbortSignal {
    return this.#draining.signal
  }

  get #state(): LifecycleState {
    if (this.#shutdown !== undefined) return 'stopping'
    return this.#started ? 'serving' : 'starting'
  }

  started(): void {
    if (this.#started) return
    this.#started = true
    this.#emit({ name: 'sys_startup', severity: 'info', at: this.#settings.now(), data: {} })
  }

  attach(server: AnyServer): void {
    if (this.#servers.has(server)) return
    const connections = new Connections(server, this.#settings.after)
    this.#servers.set(server, connections)
  }

  onDrain(listener: () => void): () => void {
    const told = (): void => {
      try {
        listener()
      } catch (error) {
        this.#report(error)
      }
    }
    if (this.draining.aborted) told()
    else this.draining.addEventListener('abort', told, { once: true })
    return () => this.draining.removeEventListener('abort', told)
  }

  onClose(name: string, close: () => unknown, options?: CloserOptions): () => void {
    if (typeof close !== 'function') throw new InvalidArgumentError('close', 'expected a function')
    const { closeTimeout } = this.#settings
    const closer = readOptions('onClose', options, (o) => ({ name, close, timeoutMs: o.duration('timeout', closeTimeout) }))
    this.#closers.add(closer)
    return () => void this.#closers.delete(closer)
  }

  shutdown(reason = 'shutdown'): Promise<ShutdownResult> {
    return this.#end(reason, this.#settings.shutdown)
  }

  handleSignals(signals: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT']): () => void {
    return onSignals(signals, (reason) => this.shutdown(reason))
  }

  handleCrashes(): () => void {
    return onCrashes((error, origin) => this.#crashed(error, origin))
  }

  stats(): LifecycleStats {
    const servers = [...this.#servers.values()]
    return {
      state: this.#state,
      inFlight: servers.reduce((sum, { inFlight }) => sum + inFlight, 0),
      connections: servers.reduce((sum, { open }) => sum + open, 0),
      crashes: this.#crashes,
      checks: Object.fromEntries(this.#checks.map(({ name, runs, last }) => [name, { runs, last }])),
    }
  }

  #end(reason: string, times: ShutdownTimes): Promise<ShutdownResult> {
    const { now, after } = this.#settings
    const subject: ShutdownSubject = {
      servers: () => this.#servers.values(),
      closers: () => [...this.#closers],
      drain: () => this.#draining.abort(),
      now,
      after,
      emit: this.#emit,
      report: this.#report,
    }
    this.#shutdown ??= new Shutdown(subject, reason, times)
    return this.#shutdown.result
  }

  /** Must not throw: Node would end the process in the middle of answers. */
  #crashed(error: unknown, origin: CrashOrigin): void {
    this.#crashes++
    const first = this.#crashes === 1
    if (first && this.#shutdown !== undefined) this.#shutdown.hasten(this.#settings.crash)
    const ended = this.#end('crash', this.#settings.crash)
    if (first) void ended.then(() => leave(1))
    if (this.#crashes > MAX_REPORTED) return
    const data = { origin, error: nameOf(error), crashes: this.#crashes }
    this.#emit({ name: 'sys_crash', severity: 'critical', at: this.#settings.now(), data })
    this.#report(error)
  }

  /** Whatever becomes of the report: reporting that fails, now or later, must not be the next crash. */
  readonly #report = (error: unknown): void => {
    try {
      forget(this.#settings.report(error))
    } catch {
      // There is nobody left to tell.
    }
  }
}
