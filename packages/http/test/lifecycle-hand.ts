import { fakeClock } from '@wardstone/testkit'
import type { LifecycleEvent, LifecycleOptions } from '@wardstone/http/lifecycle'

/** Time that stands still until it is moved, with the timers that go by it. */
function handTime() {
  const clock = fakeClock()
  const waiting = new Set<{ readonly at: number; readonly run: () => void }>()
  return {
    now: clock.now,
    /** Timers that were set and have not come. */
    waiting,
    after: (ms: number, run: () => void): (() => void) => {
      const timer = { at: clock.now() + ms, run }
      waiting.add(timer)
      return () => void waiting.delete(timer)
    },
    /** Moves on, and lets come what is due; and what follows from that, as far as no server takes part in it. */
    async pass(ms: number): Promise<void> {
      clock.advance(ms)
      for (const timer of [...waiting].toSorted((a, b) => a.at - b.at)) {
        if (timer.at > clock.now() || !waiting.delete(timer)) continue
        timer.run()
        await turn()
      }
      await turn()
    },
    rewind: (ms: number) => clock.rewind(ms),
  }
}

/** Lets everything run that is due in this turn of the loop. */
export async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
}

/** Time, events and reports of one lifecycle, and its options. */
export function watched() {
  const time = handTime()
  const events: LifecycleEvent[] = []
  const reported: unknown[] = []
  const options: LifecycleOptions = {
    now: time.now,
    after: time.after,
    events: (event) => void events.push(event),
    report: (error) => reported.push(error),
  }
  return { time, events, reported, options }
}
