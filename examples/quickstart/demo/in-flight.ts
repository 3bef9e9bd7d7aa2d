import { setTimeout as pause } from 'node:timers/promises'
import type { Answer } from './client.ts'

/** Requests that go on and on, so many at a time. */
export interface InFlight {
  /** The status of every answer so far; 0 where none came. */
  readonly statuses: readonly number[]
  /** Waits until so many more were answered. */
  more(count: number): Promise<void>
  /** Waits for the last answers. */
  stop(): Promise<void>
}

/** Keeps so many requests in flight at every moment until it is stopped. */
export function keepInFlight(count: number, ask: (worker: number) => Promise<Answer>): InFlight {
  const statuses: number[] = []
  let stopped = false
  const workers = Array.from({ length: count }, async (_, worker) => {
    while (!stopped) {
      const answer = await ask(worker).catch(() => undefined)
      statuses.push(answer?.status ?? 0)
    }
  })
  return {
    statuses,
    async more(wanted) {
      const goal = statuses.length + wanted
      while (statuses.length < goal) await pause(1)
    },
    async stop() {
      stopped = true
      await Promise.all(workers)
    },
  }
}
