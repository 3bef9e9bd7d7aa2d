import type { Page } from './page.ts'

/** How long a message may be on its way to the other tabs. */
const SETTLED_MS = 100
/** Longer than a refresh can take. */
const PATIENCE_MS = 15_000

/**
 * Runs something in one tab at a time, and answers as soon as that does. The lock is kept a moment longer, so that whoever
 * is next has heard what came of it: nothing orders messages and locks.
 *
 * The browser frees the lock of a tab that is closed or crashes. One that is suspended keeps it, so that patience ends: the
 * server can take two refreshes at once, the user cannot take a page that hangs.
 */
export function inTurn<T>({ locks, after, timeout }: Page, name: string, run: () => Promise<T>, steal?: true): Promise<T> {
  if (!locks) return run()
  return new Promise((resolve, reject) => {
    let begun = false
    const held = (): Promise<void> => {
      begun = true
      const running = run()
      running.then(resolve, reject)
      const settle = (): Promise<void> => new Promise((settled) => after(SETTLED_MS, settled))
      return running.then(settle, settle)
    }
    locks
      .request(name, steal ? { steal } : { signal: timeout(PATIENCE_MS) }, held)
      // Also rejected when another tab steals the lock that we have: what runs goes on without.
      .catch((): unknown => begun || locks.request(name, { steal: true }, held))
      .catch((): unknown => begun || held()) // a page that may have no locks, such as one in a sandbox
  })
}
