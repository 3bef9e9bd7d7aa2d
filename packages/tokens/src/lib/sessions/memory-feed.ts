import type { Revocation, RevocationFeed } from './revocation.ts'

/** The revocations of a store in this process: kept for as long as they matter, and told at once. */
export class MemoryFeed implements RevocationFeed {
  #entries: { readonly revocation: Revocation; readonly until: number }[] = []
  #pruneAt = 64
  readonly #listeners = new Set<(revocation: Revocation) => void>()

  append(revocation: Revocation, now: number): void {
    const until = revocation.kind === 'everyone' ? Number.POSITIVE_INFINITY : revocation.until
    // At most once per doubling, so that forgetting costs the same for each entry however many there are.
    if (this.#entries.length >= this.#pruneAt) {
      this.#entries = this.#entries.filter((entry) => entry.until > now)
      this.#pruneAt = Math.max(64, this.#entries.length * 2)
    }
    this.#entries.push({ revocation, until })
    for (const listener of this.#listeners) {
      try {
        listener(revocation)
      } catch {
        // Whoever cannot listen must not keep the session alive, nor the others from hearing of it.
      }
    }
  }

  staleness(): number {
    return 0
  }

  follow(listener: (revocation: Revocation) => void): () => void {
    for (const { revocation } of this.#entries) listener(revocation)
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }
}
