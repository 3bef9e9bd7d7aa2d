import type { ChildProcess } from 'node:child_process'
import { within } from '../../within.ts'
import type { Child } from '../child.ts'

const LIMIT_MS = 30_000

/** What a process says to the one that has started it. */
export type Said = { readonly step: string } | { readonly result: unknown } | { readonly error: string }

/** One of several processes, as seen from the test. */
export class Member {
  readonly pid: number
  readonly #process: ChildProcess
  readonly #child: Child
  readonly #steps: string[] = []
  readonly #watchers: (() => void)[] = []
  #end: { readonly result: unknown } | { readonly error: string } | undefined

  /** Made by {@link startProcesses}. */
  constructor(process: ChildProcess, child: Child) {
    this.pid = child.pid
    this.#process = process
    this.#child = child
    process.on('message', (said: Said) => {
      if ('step' in said) this.#steps.push(said.step)
      else this.#end ??= said
      this.#changed()
    })
    process.once('close', () => {
      this.#end ??= { error: `it has ended without a result: ${child.said}` }
      this.#changed()
    })
  }

  /**
   * Waits until it stands at its next step, and returns the step's name.
   *
   * @throws Error when it ends instead.
   */
  async arrived(): Promise<string> {
    await this.#until('a step', () => this.#steps.length > 0 || this.#end !== undefined)
    const [step] = this.#steps
    if (step === undefined) throw new Error(`process ${this.pid}: ${JSON.stringify(this.#end)} instead of a step`)
    return step
  }

  /** Lets it go on from the step at which it stands. */
  go(): void {
    this.#steps.shift()
    this.#process.send({ go: true })
  }

  /**
   * What it has returned.
   *
   * @throws Error when it has failed, or ended without a result.
   */
  async result<R>(): Promise<R> {
    await this.#until('a result', () => this.#end !== undefined)
    if (this.#end && 'result' in this.#end) return this.#end.result as R
    throw new Error(`process ${this.pid}: ${this.#end?.error}`)
  }

  /** Lets it stand still (SIGSTOP). */
  async hang(): Promise<void> {
    await this.#child.hang()
  }

  /** Lets it go on after {@link hang} (SIGCONT). */
  resume(): void {
    this.#child.resume()
  }

  /** Ends it at once (SIGKILL). */
  async kill(): Promise<void> {
    await this.#child.kill()
  }

  async #until(what: string, is: () => boolean): Promise<void> {
    const wait = async (): Promise<void> => {
      while (!is()) await new Promise<void>((resolve) => this.#watchers.push(resolve))
    }
    await within(`${what} of process ${this.pid}`, wait(), LIMIT_MS)
  }

  #changed(): void {
    for (const watcher of this.#watchers.splice(0)) watcher()
  }
}
