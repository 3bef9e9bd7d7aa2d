import { randomBytes } from 'node:crypto'
import type { RevocationBatch } from './followed-feed.ts'
import type { Revocation, RevocationFeed } from './revocation.ts'

interface Logged {
  readonly revocation: Revocation
  readonly number: number
}

/** In one batch: some 300 KB as JSON. */
const PAGE = 5_000

/**
 * What this process has heard of revocations, for readers elsewhere. A cursor names the process and a number of its own: whoever comes from
 * another process, or from before a restart, is given everything.
 */
export class RevocationLog {
  readonly #id = randomBytes(6).toString('base64url')
  readonly #feed: RevocationFeed
  readonly #now: () => number
  #entries: Logged[] = []
  #count = 0
  #pruneAt = 64

  constructor(feed: RevocationFeed, now: () => number) {
    this.#feed = feed
    this.#now = now
    feed.follow((revocation) => this.#append(revocation))
  }

  /** What came after a cursor. One that means nothing here is the beginning. */
  read(cursor: string | undefined): RevocationBatch {
    const now = this.#now()
    const after = this.#numberOf(cursor)
    const rest = this.#entries.filter((entry) => entry.number > after && isRemembered(entry, now))
    const page = rest.slice(0, PAGE)
    const last = page.length < rest.length ? (page.at(-1) as Logged).number : this.#count
    return {
      revocations: page.map((entry) => entry.revocation),
      cursor: `${this.#id}.${last}`,
      complete: page.length === rest.length,
      ageMs: this.#feed.staleness(),
    }
  }

  #append(revocation: Revocation): void {
    const now = this.#now()
    if (this.#entries.length >= this.#pruneAt) {
      this.#entries = this.#entries.filter((entry) => isRemembered(entry, now))
      this.#pruneAt = Math.max(64, this.#entries.length * 2)
    }
    this.#entries.push({ revocation, number: ++this.#count })
  }

  #numberOf(cursor: string | undefined): number {
    const [id, number = ''] = cursor?.split('.') ?? []
    return id === this.#id && /^\d{1,15}$/.test(number) ? Number(number) : 0
  }
}

function isRemembered({ revocation }: Logged, now: number): boolean {
  return revocation.kind === 'everyone' || revocation.until > now
}
