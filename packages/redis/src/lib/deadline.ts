import { Late } from './errors.ts'

/** The time that a call has, for all of its round trips. Ours, never the client's: that one resends, queues, and is told apart by nobody. */
export interface Deadline {
  readonly over: boolean
  /** Milliseconds until it is over. */
  left(): number
  /** What to do when it is over; replaces what was to be done before. */
  onEnd(action: () => void): void
}

/**
 * Does the work, or throws {@link Late} when the time is up. What the work answers after that is dropped.
 */
export function inTime<T>(ms: number, work: (deadline: Deadline) => Promise<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const end = performance.now() + ms
    let over = false
    let action: (() => void) | undefined
    const expire = (): void => {
      over = true
      action?.()
      reject(new Late())
    }
    // Timers come before sockets: after a pause of this process the answer may lie there, unread. It is read before anybody is blamed.
    let last: NodeJS.Immediate | undefined
    const timer = setTimeout(() => {
      last = setImmediate(expire)
    }, ms)
    const done = (): void => {
      clearTimeout(timer)
      clearImmediate(last)
    }
    const deadline: Deadline = {
      get over() {
        return over
      },
      left: () => end - performance.now(),
      onEnd(next) {
        action = next
      },
    }
    work(deadline).then(
      (value) => {
        done()
        resolve(value)
      },
      (error: unknown) => {
        done()
        reject(error instanceof Error ? error : new Error('unknown'))
      },
    )
  })
}
