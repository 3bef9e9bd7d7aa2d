import { isProduction, type Duration, type EventSink, type Now, type OptionReader } from '@wardstone/core'
import type { Check, CheckSettings } from './check.ts'
import type { LifecycleEvent } from './events.ts'
import type { ShutdownTimes } from './shutdown.ts'
import { afterMs, type After } from './timers.ts'

/** Options of {@link createLifecycle}. */
export interface LifecycleOptions {
  /** What the application needs to be ready, by the name that the probe shows. Default: nothing. */
  readonly checks?: Readonly<Record<string, Check>> | undefined
  /** How long a check may take. Default 750 ms: a Kubernetes probe gives up after a second. */
  readonly checkTimeout?: Duration | undefined
  /** How long a check's verdict holds. Default 1 s. */
  readonly cacheFor?: Duration | undefined
  /**
   * How long everything is served while probes already say 503, so that load balancers hear of the end before their
   * clients. Default 5 s in production, 0 elsewhere.
   */
  readonly drainDelay?: Duration | undefined
  /**
   * How long a connection without a request stays open once no new ones are accepted: a client that was told five seconds
   * of keep-alive may be sending in that moment. Default 5 s in production, 0 elsewhere.
   */
  readonly idleDelay?: Duration | undefined
  /** The whole shutdown, from the signal to the end. Default 25 s: Kubernetes kills after 30. */
  readonly timeout?: Duration | undefined
  /** How long one `onClose` may take; requests are cut so much before the end of `timeout`. Default 5 s. */
  readonly closeTimeout?: Duration | undefined
  /** The whole shutdown after a crash, which has no `drainDelay`; requests are cut at half of it. Default 10 s. */
  readonly crashTimeout?: Duration | undefined
  /** Told of crashes and of what fails in checks and closers, error and all. Default `console.error`. */
  readonly report?: ((error: unknown) => unknown) | undefined
  readonly events?: EventSink<LifecycleEvent> | undefined
  /** The clock, in milliseconds since the Unix epoch. Default `Date.now`. */
  readonly now?: Now | undefined
  /** The timers, for tests that move time by hand. Default: those of Node. */
  readonly after?: After | undefined
}

/** Compiled {@link LifecycleOptions}. */
export interface LifecycleSettings {
  readonly checks: readonly CheckSettings[]
  readonly shutdown: ShutdownTimes
  readonly crash: ShutdownTimes
  readonly closeTimeout: number
  readonly report: (error: unknown) => unknown
  readonly events: EventSink<LifecycleEvent> | undefined
  readonly now: Now
  readonly after: After
}

/** Reads the options. */
export function readLifecycle(o: OptionReader): LifecycleSettings {
  const delay = isProduction() ? '5s' : '0s'
  const drainDelayMs = o.duration('drainDelay', delay)
  const idleDelayMs = o.duration('idleDelay', delay)
  const wholeMs = o.duration('timeout', '25s')
  const closeTimeout = o.duration('closeTimeout', '5s')
  const crashMs = o.duration('crashTimeout', '10s')
  const cutMs = wholeMs - closeTimeout
  if (drainDelayMs >= cutMs) o.problem('timeout', 'expected more than drainDelay and closeTimeout together')
  return {
    checks: readChecks(o),
    shutdown: { drainDelayMs, idleDelayMs, cutMs, wholeMs },
    crash: { drainDelayMs: 0, idleDelayMs: Math.min(idleDelayMs, crashMs / 2), cutMs: crashMs / 2, wholeMs: crashMs },
    closeTimeout,
    report: o.callback<LifecycleOptions['report']>('report') ?? ((error) => console.error(error)),
    events: o.callback<LifecycleOptions['events']>('events'),
    now: o.callback<LifecycleOptions['now']>('now') ?? Date.now,
    after: o.callback<LifecycleOptions['after']>('after') ?? afterMs,
  }
}

function readChecks(o: OptionReader): CheckSettings[] {
  const timeout = o.duration('checkTimeout', '750ms') as Duration
  const cacheMs = o.duration('cacheFor', '1s')
  const isBag = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value)
  const checks = o.value<Readonly<Record<string, Check>>>('checks', 'expected functions or their settings by name', isBag) ?? {}
  if (!isBag(checks)) return []
  const bag = o.nested('checks')
  return Object.entries(checks).map(([name, check]) => {
    if (!/^[a-z][\w.-]{0,63}$/i.test(name)) o.problem('checks', 'expected names of letters, digits and . _ -, at most 64')
    if (typeof check === 'function') {
      return { name, run: bag.callback<typeof check>(name), critical: true, timeoutMs: timeout as number, cacheMs }
    }
    const own = bag.nested(name)
    const critical = own.oneOf('critical', [true, false], true)
    return { name, run: own.callback('run', true), critical, timeoutMs: own.duration('timeout', timeout), cacheMs }
  })
}
