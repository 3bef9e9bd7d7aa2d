import type { RefreshPolicy, SessionStore, StoreSettings } from '@wardstone/tokens'
import type { FakeClock } from '../clock.ts'

/**
 * One place where sessions are kept, as a case needs it: several stores over it are several processes. Each case is played on
 * a stage of its own, or on one that others have used: the names in it are new each time.
 */
export interface SessionStage {
  /** Moves what the stores take for the time: their `now`, or their `testClockOffset`. */
  readonly clock: FakeClock
  /**
   * Whether the stores' clock also goes on by itself, as a server's does. Then limits are looked at a minute before, not a
   * millisecond, and no case may take longer than that. Default `false`.
   */
  readonly ticks?: boolean | undefined
  /** The store of another process in this place, `configure`d with the settings. */
  open(settings: StoreSettings): SessionStore | Promise<SessionStore>
  /**
   * Runs two verbs so that they meet, the first of them a little earlier: what waits for a lock can be made to wait for one that the
   * stage holds. Default: both are called, and then both are waited for.
   */
  interleave?(verbs: readonly [() => Promise<void>, () => Promise<void>]): Promise<void>
  /** Runs something, and then sets the place back to what it was before: a failover that loses acknowledged writes. */
  losing?(work: () => Promise<void>): Promise<void>
  /** Ends what `open` has begun. The case is over. */
  close?(): void | Promise<void>
}

/** One row of the suite. */
export interface SessionStoreCase {
  /** What is shown, as a sentence. Unique in the suite. */
  readonly title: string
  /** What it is about. */
  readonly topic: SessionTopic
  /** The stage must have this, or the case cannot be played. */
  readonly needs?: 'losing' | undefined
  /** Plays it. Fails with an `AssertionError` when the store does something else. Does not close the stage. */
  run(stage: SessionStage): Promise<void>
}

/**
 * What a case of the suite is about.
 *
 * - `sign-in`: what a new session is, and who must leave for it
 * - `refresh`: the steps of a refresh, and thieves
 * - `ending`: logout and lists of sessions
 * - `access-tokens`: epochs, verdicts, and revocations that other processes hear of
 * - `races`: two processes at once, and calls that are made again
 * - `losses`: failovers
 */
export type SessionTopic = 'sign-in' | 'refresh' | 'ending' | 'access-tokens' | 'races' | 'losses'

export const MINUTE = 60_000

/** Far apart from each other, so that a case which takes some seconds of a server's time meets none by chance. */
export const POLICY: RefreshPolicy = {
  idleMs: 360 * MINUTE,
  absoluteMs: 1_440 * MINUTE,
  graceMs: 10 * MINUTE,
  lostWindowMs: 100 * MINUTE,
  unconfirmedWindowMs: 20 * MINUTE,
  budget: 3,
}

export const MAXIMUM = 4
export const REVOCATION_MS = 20 * MINUTE
