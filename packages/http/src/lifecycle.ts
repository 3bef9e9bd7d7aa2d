export type { Check, CheckOptions, CheckRun } from './lib/lifecycle/check.ts'
export type { CloserOptions } from './lib/lifecycle/closers.ts'
export type { AnyServer } from './lib/lifecycle/connections.ts'
export type {
  CheckFailed,
  CheckRecovered,
  LifecycleEvent,
  SystemCrashed,
  SystemStarted,
  SystemStopped,
} from './lib/lifecycle/events.ts'
export { createLifecycle } from './lib/lifecycle/lifecycle.ts'
export type { Lifecycle, LifecycleStats } from './lib/lifecycle/lifecycle.ts'
export type { LifecycleOptions } from './lib/lifecycle/options.ts'
export type { LifecycleState, Probes } from './lib/lifecycle/probes.ts'
export type { ShutdownResult } from './lib/lifecycle/shutdown.ts'
export type { After } from './lib/lifecycle/timers.ts'
