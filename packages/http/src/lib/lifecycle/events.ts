import type { SecurityEvent } from '@wardstone/core'

/** The application serves: `started()` was called. */
export type SystemStarted = SecurityEvent<'sys_startup', Record<string, never>>

/** The application ends: once when it begins to, once when it is done; a warning when something was left undone. */
export type SystemStopped = SecurityEvent<
  'sys_shutdown',
  {
    readonly phase: 'begun' | 'done'
    /** The signal, `crash`, or what the caller of `shutdown` said. */
    readonly reason: string
    /** Requests that were still unanswered at the end, and were cut. */
    readonly cut: number
    /** The names of what did not close in time or failed to. */
    readonly unclosed: readonly string[]
  }
>

/** Nobody caught an error, or took a rejection. The error itself goes to `report`. */
export type SystemCrashed = SecurityEvent<
  'sys_crash',
  {
    readonly origin: 'uncaughtException' | 'unhandledRejection'
    /** The name of the error. */
    readonly error: string
    /** How many there were since the start, this one included. */
    readonly crashes: number
  }
>

/** A health check that was well, or was never asked, fails. The error itself goes to `report`. */
export type CheckFailed = SecurityEvent<
  'sys_check_failed',
  {
    readonly check: string
    readonly critical: boolean
    /** The name of the error, or `timeout`. */
    readonly error: string
  }
>

/** A health check that failed is well again. */
export type CheckRecovered = SecurityEvent<'sys_check_recovered', { readonly check: string; readonly critical: boolean }>

/** Everything that a lifecycle reports. */
export type LifecycleEvent = SystemStarted | SystemStopped | SystemCrashed | CheckFailed | CheckRecovered
