import { Late } from './errors.ts'

/**
 * The time that a call has, for all of its round trips. Ours, never the client's: that one resends, queues, and does not tell a call
 * that expired from one that failed.
 */
export class Deadline {
  over = false
  readonly #end: number
  readonly #reject: (error: Error) => void
  readonly #timer: NodeJS.Timeout
  #immediate: NodeJS.Immediate | undefined
  #action: (() => void) | undefined

  constructor(ms: number, reject: (error: Error) => void) {
    this.#end = performance.now() + ms
    this.#reject = reject
    this.#timer = setTimeout(Deadline.#due, ms, this)
  }

  /** Milliseconds until it is over. */
  left(): number {
    return this.#end - performance.now()
  }

  /** What to do when it is over; replaces what was to be done before. */
  onEnd(action: () => void): void {
    this.#action = action
  }

  /** The call has ended in time. */
  kept(): void {
    clearTimeout(this.#timer)
    clearImmediate(this.#immediate)
  }

  /** Timers come before sockets: after a pause of this process the answer may lie there, unread. It is read before anybody is blamed. */
  static #due(this: void, deadline: Deadline): void {
    deadline.#immediate = setImmediate(() => {
      deadline.over = true
      deadline.#action?.()
      deadline.#reject(new Late())
    })
  }
}

/** Does the work, or throws {@link Late} when the time is up. What the work answers after that is dropped. */
export function inTime<T>(ms: number, work: (deadline: Deadline) => Promise<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const deadline = new Deadline(ms, reject)
    work(deadline).then(
      (value) => {
        deadline.kept()
        resolve(value)
      },
      (error: unknown) => {
        deadline.kept()
        reject(error instanceof Error ? error : new Error('unknown'))
      },
    )
  })
}
