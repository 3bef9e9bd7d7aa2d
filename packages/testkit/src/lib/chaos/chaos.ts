import type { Duration } from '@wardstone/core'
import type { FakeClock } from '../clock.ts'
import { intercept } from '../port.ts'

/** A port that fails when a test says so. Faults add up: a call first hangs, then fails or runs, and its answer is late or lost. */
export interface Chaos<T extends object> {
  /** Give this to what is tested. Without a fault it is the port itself. */
  readonly port: T
  /** The next calls of a verb are refused without being run: the port was not reached. */
  readonly failNext: (verb: keyof T & string, error?: Error, times?: number) => void
  /** The next calls of a verb run, and fail nevertheless: the caller cannot know that they ran. */
  readonly loseNext: (verb: keyof T & string, error?: Error, times?: number) => void
  /** From now on each call of a verb takes so long on this clock. Nobody sleeps: the clock has moved when the answer comes. */
  readonly delay: (verb: keyof T & string, by: Duration, clock: Pick<FakeClock, 'advance'>) => void
  /** From now on calls of a verb are neither run nor answered, until the returned function is called: then they run. */
  readonly hang: (verb: keyof T & string) => () => void
  /** Takes all faults away; what hangs runs. */
  readonly heal: () => void
}

interface Faults {
  readonly fail: Error[]
  readonly lose: Error[]
  delay?: () => void
  hung?: Gate
}

interface Gate {
  readonly opened: Promise<void>
  release(): void
}

/**
 * Wraps a port, an object with asynchronous verbs, so that a test decides how it fails.
 *
 * @example
 * ```ts
 * import { chaos } from '@wardstone/testkit'
 *
 * const { port, loseNext, hang } = chaos({ async charge(cents: number) { return cents } })
 * loseNext('charge', new Error('connection reset'))
 * const lost = await port.charge(100).catch(String) // it ran; nobody knows
 *
 * const release = hang('charge')
 * const pending = port.charge(100)
 * release()
 * export const outcome = [lost, await pending]
 * ```
 */
export function chaos<T extends object>(port: T): Chaos<T> {
  const faults = new Map<string, Faults>()

  const of = (verb: string): Faults => {
    const known = faults.get(verb) ?? { fail: [], lose: [] }
    faults.set(verb, known)
    return known
  }

  const has = ({ fail, lose, delay, hung }: Faults): boolean => fail.length + lose.length > 0 || Boolean(delay ?? hung)

  return {
    port: intercept(port, (verb) => has(of(verb)), suffer),
    failNext: (verb, error = new Error(`${verb} failed`), times = 1) => void of(verb).fail.push(...repeat(error, times)),
    loseNext: (verb, error = new Error(`the answer of ${verb} was lost`), times = 1) =>
      void of(verb).lose.push(...repeat(error, times)),
    delay: (verb, by, clock) => void (of(verb).delay = () => clock.advance(by)),
    hang(verb) {
      const mine = of(verb)
      const hung = (mine.hung ??= gate())
      return () => {
        hung.release()
        if (mine.hung === hung) delete mine.hung
      }
    },
    heal() {
      for (const { hung, fail, lose } of faults.values()) {
        // Calls that hang still hold their faults.
        fail.length = lose.length = 0
        hung?.release()
      }
      faults.clear()
    },
  }

  async function suffer(verb: string, run: () => Promise<unknown>): Promise<unknown> {
    const mine = of(verb)
    if (mine.hung) await mine.hung.opened
    const failed = mine.fail.shift()
    if (failed) throw failed
    const answer = await run()
    mine.delay?.()
    const lost = mine.lose.shift()
    if (lost) throw lost
    return answer
  }
}

function repeat(error: Error, times: number): Error[] {
  return Array.from({ length: times }, () => error)
}

function gate(): Gate {
  const { promise: opened, resolve: release } = Promise.withResolvers<void>()
  return { opened, release }
}
