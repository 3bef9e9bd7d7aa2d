import { readOptions, type Duration, type Now } from '@wardstone/core'
import { isObjectWith } from '../access/verifier.ts'
import { MemoryFeed } from './memory-feed.ts'
import type { Revocation, RevocationFeed } from './revocation.ts'

/** What was revoked since a cursor. */
export interface RevocationBatch {
  /** In any order, and some of them perhaps known already. */
  readonly revocations: readonly Revocation[]
  /** Where to read on. Means something to its source only. */
  readonly cursor: string
  /** Whether this was all there is by now; if not, the reader reads on at once. */
  readonly complete: boolean
  /** How old what the source knows is by itself, in milliseconds, where it follows another one. Default 0. */
  readonly ageMs?: number | undefined
}

/** A place where revocations can be read: the stream of a store, the route of an issuer. */
export interface RevocationSource {
  /**
   * Reads what came after the cursor, and somewhat before it: what was written out of order must not be missed.
   *
   * @param cursor - of an earlier batch; `undefined` reads everything that is still to be remembered
   */
  read(cursor: string | undefined): Promise<RevocationBatch>
  /**
   * Calls back when there may be something new, with `gap` when something may have been missed, so that everything is read again.
   * For sources that are told; others are only polled. Returns the way to stop that.
   */
  watch?(changed: (gap: boolean) => void): () => void
}

/** Options of {@link followRevocations}. */
export interface FollowOptions {
  /** How often the source is read, whether it calls or not. Default 5 seconds. */
  readonly every?: Duration | undefined
  /** A clock for tests. Default: the system's, and for the staleness one that nobody sets back. */
  readonly now?: Now | undefined
}

/** A feed that reads a source elsewhere. */
export interface FollowedFeed extends RevocationFeed {
  /** Reads the source now: before the first request, where a process must not start stale, and in tests. */
  refresh(): Promise<void>
  /** Stops reading. */
  close(): void
}

/**
 * Follows revocations that are kept elsewhere: reads them all, then what is new, every few seconds and whenever the source calls. Whoever
 * verifies asks only what was read, and how long ago. A reading that fails is tried again with the next; the staleness grows meanwhile.
 *
 * @throws {@link ConfigurationError} `invalid_options`
 *
 * @example
 * ```ts
 * import { createVerifier, followRevocations, type RevocationSource, type VerificationKeys } from '@wardstone/tokens'
 *
 * export const verifierOf = (keys: VerificationKeys, source: RevocationSource) =>
 *   createVerifier({ issuer: 'https://id.example', audience: 'https://api.example', keys, revocation: followRevocations(source) })
 * ```
 */
export function followRevocations(source: RevocationSource, options: FollowOptions = {}): FollowedFeed {
  const settings = readOptions('followRevocations', options, (o) => {
    const everyMs = o.duration('every', '5s')
    if (everyMs < 100 || everyMs > 60_000) o.problem('every', 'expected 100ms to 60s')
    if (!isObjectWith(source, 'read')) o.problem('source', 'expected a source with read()')
    return { everyMs, now: o.callback<Now | undefined>('now') }
  })
  return new Follower(source, settings)
}

/** @internal */
export class Follower implements FollowedFeed {
  readonly #source: RevocationSource
  /** For the age of what is known. */
  readonly #elapsed: Now
  /** For what may be forgotten. */
  readonly #now: Now
  /** What was read before is not told again: every entry makes verifiers look at their tokens anew. */
  readonly #feed = new MemoryFeed()
  readonly #known = new Map<string, number>()
  #pruneAt = 64
  readonly #timer: NodeJS.Timeout
  readonly #unwatch: (() => void) | undefined
  #cursor: string | undefined
  #knownAt = Number.NEGATIVE_INFINITY
  #reading: Promise<void> | undefined
  #again = false
  #gaps = 0
  /** How many of them the last whole reading knew of when it began. */
  #readGaps = 0

  constructor(source: RevocationSource, { everyMs, now }: { readonly everyMs: number; readonly now?: Now | undefined }) {
    this.#source = source
    this.#elapsed = now ?? (() => performance.now())
    this.#now = now ?? Date.now
    this.#unwatch = source.watch?.((gap) => {
      if (gap) this.#gaps++
      if (this.#reading !== undefined) this.#again = true
      else this.#quietly()
    })
    this.#timer = setInterval(() => this.#quietly(), everyMs)
    this.#timer.unref()
    this.#quietly()
  }

  staleness(): number {
    return Math.max(0, this.#elapsed() - this.#knownAt)
  }

  follow(listener: (revocation: Revocation) => void): () => void {
    return this.#feed.follow(listener)
  }

  async refresh(): Promise<void> {
    await this.#read()
  }

  close(): void {
    clearInterval(this.#timer)
    this.#unwatch?.()
  }

  #quietly(): void {
    this.#read().catch(() => {}) // its staleness says so
  }

  /** One reading at a time: of two, the older could put the cursor back. */
  #read(): Promise<void> {
    this.#reading ??= this.#readAll().finally(() => {
      this.#reading = undefined
      if (!this.#again) return
      this.#again = false
      this.#quietly()
    })
    return this.#reading
  }

  async #readAll(): Promise<void> {
    const gaps = this.#gaps
    let cursor = gaps === this.#readGaps ? this.#cursor : undefined
    // What is revoked while it is being read may be missed: it is as old as its beginning.
    const begun = this.#elapsed()
    let ageMs = 0
    for (;;) {
      const batch = await this.#source.read(cursor)
      ageMs = Math.max(ageMs, batch.ageMs ?? 0)
      for (const revocation of batch.revocations) this.take(revocation)
      cursor = batch.cursor
      if (batch.complete) break
    }
    // A gap in the meantime is not covered: the next reading begins at the beginning, too.
    this.#readGaps = gaps
    this.#cursor = cursor
    this.#knownAt = begun - ageMs
  }

  /** Tells of a revocation, unless it was told before. */
  take(revocation: Revocation): void {
    const now = this.#now()
    const id = idOf(revocation)
    if (this.#known.has(id)) return
    if (this.#known.size >= this.#pruneAt) {
      for (const [known, until] of this.#known) if (until <= now) this.#known.delete(known)
      this.#pruneAt = Math.max(64, this.#known.size * 2)
    }
    this.#known.set(id, revocation.kind === 'everyone' ? Number.POSITIVE_INFINITY : revocation.until)
    this.#feed.append(revocation, now)
  }
}

function idOf(revocation: Revocation): string {
  if (revocation.kind === 'session') return revocation.sid
  if (revocation.kind === 'everyone') return `* ${revocation.epoch}`
  return `${revocation.shard} ${revocation.epoch} ${revocation.claimsEpoch}`
}
