import type { Revocation, RevocationFeed } from '@wardstone/tokens'
import { within } from '../within.ts'

/** Longer than any feed should need, and a store whose feed says nothing fails by then. */
const PATIENCE_MS = 15_000

/** What a feed has told, and what is awaited of it. */
export class Heard {
  readonly all: Revocation[] = []
  readonly #waiting = new Set<() => void>()

  constructor(feed: RevocationFeed) {
    feed.follow((revocation) => {
      this.all.push(revocation)
      for (const look of this.#waiting) look()
    })
  }

  /** Waits for the end of a session. */
  async session(sid: string): Promise<void> {
    await this.#until(`the end of a session in another process`, (r) => r.kind === 'session' && r.sid === sid)
  }

  /** Waits for epochs of a subject that are at least these. */
  async subject(shard: string, { epoch = 0, claimsEpoch = 0 }: { epoch?: number; claimsEpoch?: number }): Promise<void> {
    await this.#until(
      'the epochs of a subject in another process',
      (r) => r.kind === 'subject' && r.shard === shard && r.epoch >= epoch && r.claimsEpoch >= claimsEpoch,
    )
  }

  /** Waits for the end of everyone's sessions. */
  async everyone(epoch: number): Promise<void> {
    await this.#until('the epoch of everyone in another process', (r) => r.kind === 'everyone' && r.epoch >= epoch)
  }

  async #until(what: string, is: (revocation: Revocation) => boolean): Promise<void> {
    const heard = new Promise<void>((resolve) => {
      const look = (): void => {
        if (!this.all.some(is)) return
        this.#waiting.delete(look)
        resolve()
      }
      this.#waiting.add(look)
      look()
    })
    await within(what, heard, PATIENCE_MS)
  }
}
