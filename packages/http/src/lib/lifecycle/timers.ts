/** Runs something once, so many milliseconds from now, unless what it answers is called before. */
export type After = (ms: number, run: () => void) => () => void

/** By the timers of Node. */
export const afterMs: After = (ms, run) => {
  const timer = setTimeout(run, ms)
  return () => clearTimeout(timer)
}

/** A moment that comes by itself, or earlier when somebody says so. */
export class Deadline {
  readonly passed: Promise<void>
  #pass: () => void = () => {}
  readonly #cancel: () => void

  constructor(after: After, ms: number) {
    this.passed = new Promise((resolve) => (this.#pass = resolve))
    this.#cancel = after(ms, this.#pass)
  }

  /** Now. Also frees the timer of one that nobody waits for any more. */
  end(): void {
    this.#cancel()
    this.#pass()
  }
}
