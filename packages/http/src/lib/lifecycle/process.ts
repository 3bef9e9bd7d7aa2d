import { constants } from 'node:os'
import type { ShutdownResult } from './shutdown.ts'

/** What lies between two texts of one Ctrl+C: the terminal and the package manager both send it. */
const ECHO_MS = 200
/** How long what nobody closed may keep the process after the end. */
const LINGER_MS = 1_000

/** Where an error comes from that nobody caught. */
export type CrashOrigin = 'uncaughtException' | 'unhandledRejection'

/**
 * Ends the process by signals: the first asks for a shutdown, a later one ends at once with 128 and the signal's number.
 * Answers how to leave off.
 */
export function onSignals(signals: readonly NodeJS.Signals[], shutdown: (reason: string) => Promise<ShutdownResult>): () => void {
  let asked = false
  let force = false
  const handle = (signal: NodeJS.Signals): void => {
    if (force) process.exit(128 + constants.signals[signal])
    if (asked) return
    asked = true
    setTimeout(() => (force = true), ECHO_MS).unref()
    void shutdown(signal).then(({ clean }) => leave(clean ? 0 : 1))
  }
  for (const signal of signals) process.on(signal, handle)
  return () => {
    for (const signal of signals) process.off(signal, handle)
  }
}

/** Hands over what nobody caught. Answers how to leave off. */
export function onCrashes(crashed: (error: unknown, origin: CrashOrigin) => void): () => void {
  const thrown = (error: unknown): void => crashed(error, 'uncaughtException')
  const rejected = (error: unknown): void => crashed(error, 'unhandledRejection')
  process.on('uncaughtException', thrown)
  process.on('unhandledRejection', rejected)
  return () => {
    process.off('uncaughtException', thrown)
    process.off('unhandledRejection', rejected)
  }
}

/**
 * Lets the process end by itself, so that what is still being written gets out, and ends it when something that nobody
 * closed keeps it. What the application said of its own failure stands.
 */
export function leave(code: 0 | 1): void {
  if (code !== 0) process.exitCode = code
  setTimeout(() => process.exit(), LINGER_MS).unref()
}
