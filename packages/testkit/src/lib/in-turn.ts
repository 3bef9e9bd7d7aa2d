import { intercept } from './port.ts'

/** A call that stands before a port and waits for its turn. */
export interface Waiting {
  /** The verb that was called. */
  readonly verb: string
  /** Lets it run, and waits until the port has answered. */
  go(): Promise<void>
  /** Fails it instead, without running it: the port was never reached. */
  fail(error: Error): void
}

/** A port whose calls run in the order that a test chooses. */
export interface InTurn<T extends object> {
  /** Give this to what is tested. */
  readonly port: T
  /** Waits until so many calls stand before the port, and returns them in the order in which they came. */
  arrived(count: number): Promise<readonly Waiting[]>
  /** From now on calls run as they come; those that wait run at once. */
  open(): void
}

/**
 * Puts a barrier before some verbs of a port, so that a test plays an interleaving instead of hoping for it.
 *
 * @example
 * ```ts
 * import { inTurn } from '@wardstone/testkit'
 *
 * const store = { async take(n: number) { return n } }
 * const turns = inTurn(store, ['take'])
 * const both = [turns.port.take(1), turns.port.take(2)]
 * const [first, second] = await turns.arrived(2)
 * await second?.go()
 * await first?.go()
 * export const results = await Promise.all(both)
 * ```
 */
export function inTurn<T extends object>(port: T, verbs: ReadonlyArray<keyof T & string>): InTurn<T> {
  const waiting: Waiting[] = []
  const watchers: (() => void)[] = []
  let opened = false

  const hold = (verb: string, run: () => Promise<unknown>): Promise<unknown> =>
    new Promise((resolve, reject) => {
      let asked = false
      const once = (what: () => Promise<void>): Promise<void> => {
        if (asked) return Promise.resolve()
        asked = true
        return what()
      }
      const go = (): Promise<void> => once(() => run().then(resolve, reject))
      const fail = (error: Error): void => void once(async () => reject(error))
      waiting.push({ verb, go, fail })
      for (const watcher of watchers.splice(0)) watcher()
    })

  const guarded = intercept(port, (verb) => !opened && verbs.some((held) => held === verb), hold)

  return {
    port: guarded,
    async arrived(count) {
      while (waiting.length < count) await new Promise<void>((resolve) => watchers.push(resolve))
      return waiting.splice(0, count)
    },
    open() {
      opened = true
      for (const call of waiting.splice(0)) void call.go()
    },
  }
}
