import { duration, type Duration, type Now } from '@wardstone/core'

/** A clock that stands still until it is told to move. */
export interface FakeClock {
  /** Give this to everything that takes `now`. */
  readonly now: Now
  /**
   * How far the clock was moved since it was made, in milliseconds. Give this to a store as `testClockOffset`: its server
   * keeps its own time, and moves as far as everybody else. For a store whose clock is wrong, add what it is wrong by.
   */
  readonly offset: () => number
  /** Moves forward. */
  advance(by: Duration): void
  /** Moves back, as a clock that was wrong. */
  rewind(by: Duration): void
}

/**
 * Makes a clock for tests.
 *
 * @param start - milliseconds since the Unix epoch
 *
 * @example
 * ```ts
 * import { fakeClock } from '@wardstone/testkit'
 *
 * const clock = fakeClock()
 * clock.advance('16m')
 * export const later = clock.now()
 * ```
 */
export function fakeClock(start = Date.UTC(2030, 0, 1)): FakeClock {
  let at = start
  return {
    now: () => at,
    offset: () => at - start,
    advance: (by) => void (at += duration(by)),
    rewind: (by) => void (at -= duration(by)),
  }
}
