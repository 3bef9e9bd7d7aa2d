import { accessTokenCases } from './cases/access-tokens.ts'
import { endingCases } from './cases/ending.ts'
import { lossCases } from './cases/losses.ts'
import { raceCases } from './cases/races.ts'
import { refreshCases } from './cases/refresh.ts'
import { signInCases } from './cases/sign-in.ts'
import { theftCases } from './cases/theft.ts'
import type { SessionStoreCase } from './stage.ts'

/**
 * What every store of sessions must do, whatever keeps them: the verbs of `SessionStore`, their limits in time and number, two
 * processes at once, and what a failover forgets.
 *
 * @example
 * ```ts
 * import { test } from 'node:test'
 * import { fakeClock } from '@wardstone/testkit'
 * import { sessionStoreCases, type SessionStage } from '@wardstone/testkit/sessions'
 * import type { SessionStore } from '@wardstone/tokens'
 *
 * // Yours: where sessions lie in a test, and a store over it whose clock a test can move.
 * declare function emptyDatabase(): Promise<{ drop(): Promise<void> }>
 * declare function myStore(options: { database: object; testClockOffset: () => number }): SessionStore
 *
 * async function openStage(): Promise<SessionStage> {
 *   const clock = fakeClock(Date.now())
 *   const database = await emptyDatabase()
 *   return {
 *     clock,
 *     ticks: true, // a server's clock goes on by itself
 *     open(settings) {
 *       const store = myStore({ database, testClockOffset: clock.offset })
 *       store.configure(settings)
 *       return store
 *     },
 *     close: () => database.drop(),
 *   }
 * }
 *
 * for (const row of sessionStoreCases) {
 *   void test(row.title, async (t) => {
 *     const stage = await openStage()
 *     if (row.needs !== undefined && stage[row.needs] === undefined) t.skip(`needs ${row.needs}()`)
 *     else await row.run(stage)
 *     await stage.close?.()
 *   })
 * }
 * ```
 */
export const sessionStoreCases: readonly SessionStoreCase[] = [
  ...signInCases,
  ...refreshCases,
  ...theftCases,
  ...endingCases,
  ...accessTokenCases,
  ...raceCases,
  ...lossCases,
]
