import { setTimeout as pause } from 'node:timers/promises'
import { within } from '../within.ts'

/**
 * Asks again and again until there is an answer: what real servers do among themselves is not announced. A question that
 * fails is asked again, and the last failure is the cause of the error when time is up.
 *
 * @throws Error when `limitMs` have passed.
 */
export async function until<T>(what: string, ask: () => Promise<T | undefined>, limitMs = 15_000): Promise<T> {
  const end = performance.now() + limitMs
  let cause: unknown
  while (performance.now() < end) {
    try {
      const answer = await within(what, ask(), limitMs)
      if (answer !== undefined) return answer
    } catch (error) {
      cause = error
    }
    await pause(10)
  }
  throw new Error(`${what} did not come within ${limitMs} ms`, { cause })
}
