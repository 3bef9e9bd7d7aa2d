import type { Duration, Now } from '@wardstone/core'
import type { LifecycleEvent } from './events.ts'
import type { After } from './timers.ts'

/**
 * Asks something that the application needs: well when it returns or resolves, not when it throws, rejects or answers
 * `false`. The signal is aborted when nobody waits any more.
 */
export type CheckRun = (signal: AbortSignal) => unknown

/** A check with settings of its own. */
export interface CheckOptions {
  readonly run: CheckRun
  /** Whether the application is not ready without it. Default `true`; `false` only shows as `degraded`. */
  readonly critical?: boolean | undefined
  /** How long an answer may take. Default: `checkTimeout` of the lifecycle. */
  readonly timeout?: Duration | undefined
}

/** A check, alone or with settings. */
export type Check = CheckRun | CheckOptions

/** What a check says. */
export type Verdict = 'up' | 'down'

/** A compiled {@link CheckOptions}. */
export interface CheckSettings {
  readonly name: string
  readonly run: CheckRun
  readonly critical: boolean
  readonly timeoutMs: number
  readonly cacheMs: number
}

/** What a check has around it. */
export interface CheckSurroundings {
  readonly now: Now
  readonly after: After
  readonly emit: (event: LifecycleEvent) => void
  readonly report: (error: unknown) => void
}

/**
 * A run that hangs holds a connection, or worse, and a probe every second would pile them up: while one hangs, no other
 * begins. But not for ever, or a service that came back would stay unready for the sake of one lost packet.
 */
const HANGING_MS = 30_000

/** One check: asked once for all who want to know, remembered for a while, and never waited for beyond its time. */
export class HealthCheck {
  readonly name: string
  readonly critical: boolean
  readonly #settings: CheckSettings
  readonly #around: CheckSurroundings
  #flight: Promise<Verdict> | undefined
  #verdict: Verdict | undefined
  #at = 0
  #hanging: AbortSignal | undefined
  #runs = 0

  constructor(settings: CheckSettings, around: CheckSurroundings) {
    this.name = settings.name
    this.critical = settings.critical
    this.#settings = settings
    this.#around = around
  }

  /** How often it was run. */
  get runs(): number {
    return this.#runs
  }

  /** What it said last; `undefined` before the first time. */
  get last(): Verdict | undefined {
    return this.#verdict
  }

  /** What it says now, or said less than the cache's time ago. Never rejects. */
  verdict(): Verdict | Promise<Verdict> {
    if (this.#flight !== undefined) return this.#flight
    const age = this.#around.now() - this.#at
    const validMs = this.#hanging === undefined ? this.#settings.cacheMs : HANGING_MS
    // A clock that was set back must not make a verdict last.
    if (this.#verdict !== undefined && age >= 0 && age < validMs) return this.#verdict
    this.#flight = this.#run()
    return this.#flight
  }

  #run(): Promise<Verdict> {
    this.#runs++
    const { run, timeoutMs } = this.#settings
    const abort = new AbortController()
    return new Promise((resolve) => {
      const finish = (verdict: Verdict, error?: unknown): void => {
        if (abort.signal.aborted) {
          // Too late for a verdict, but nothing hangs any more: the next probe asks again.
          if (this.#hanging === abort.signal) this.#hanging = undefined
          return
        }
        cancel()
        this.#hanging = undefined
        resolve(this.#settle(verdict, error))
      }
      const cancel = this.#around.after(timeoutMs, () => {
        this.#hanging = abort.signal
        resolve(this.#settle('down', 'timeout'))
        abort.abort()
      })
      new Promise((answer) => answer(run(abort.signal))).then(
        (answer) => (answer === false ? finish('down', new Error(`the check ${this.name} answered false`)) : finish('up')),
        (error: unknown) => finish('down', error),
      )
    })
  }

  #settle(verdict: Verdict, error: unknown): Verdict {
    const before = this.#verdict
    const { name, critical } = this
    const at = this.#around.now()
    this.#flight = undefined
    this.#verdict = verdict
    this.#at = at
    if (verdict === before) return verdict // told once
    if (verdict === 'down') {
      const data = { check: name, critical, error: error === 'timeout' ? error : nameOf(error) }
      this.#around.emit({ name: 'sys_check_failed', severity: critical ? 'critical' : 'warn', at, data })
      if (error !== 'timeout') this.#around.report(error)
    } else if (before === 'down') {
      this.#around.emit({ name: 'sys_check_recovered', severity: 'info', at, data: { check: name, critical } })
    }
    return verdict
  }
}

/** What may be told of an error: messages hold connection strings and what users typed. */
export function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error
}
