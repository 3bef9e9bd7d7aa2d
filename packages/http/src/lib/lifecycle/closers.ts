import type { Duration } from '@wardstone/core'
import { Deadline, type After } from './timers.ts'

/** Settings of one closer. */
export interface CloserOptions {
  /** How long it may take. Default: `closeTimeout` of the lifecycle. */
  readonly timeout?: Duration | undefined
}

/** A compiled closer. */
export interface Closer {
  readonly name: string
  readonly close: () => unknown
  readonly timeoutMs: number
}

/** What stands around closers. */
export interface CloserSurroundings {
  readonly after: After
  readonly report: (error: unknown) => void
  /** When nothing is waited for any more. */
  readonly end: Promise<void>
}

/**
 * Closes what was opened, the last first, each with its own time; after the end the rest is still called, and not waited
 * for. Answers who failed or did not come in time.
 */
export async function closeAll(closers: readonly Closer[], around: CloserSurroundings): Promise<string[]> {
  const unclosed: string[] = []
  for (const { name, close, timeoutMs } of closers.toReversed()) {
    const deadline = new Deadline(around.after, timeoutMs)
    const closing = new Promise((done) => done(close())).then(
      () => true,
      (error: unknown) => {
        around.report(error)
        return false
      },
    )
    const late = Promise.race([deadline.passed, around.end]).then(() => false)
    if (!(await Promise.race([closing, late]))) unclosed.push(name)
    deadline.end()
  }
  return unclosed
}
