/**
 * Something that no longer holds, and until when it has to be remembered: as long as an access token from before may be
 * valid by its own time. Times are milliseconds, epochs are numbers that only grow.
 */
export type Revocation =
  | { readonly kind: 'session'; readonly sid: string; readonly until: number }
  | {
      readonly kind: 'subject'
      readonly shard: string
      /** Access tokens below it are dead, with their sessions. */
      readonly epoch: number
      /** Access tokens below it carry claims from before; their sessions go on. */
      readonly claimsEpoch: number
      readonly until: number
    }
  | { readonly kind: 'everyone'; readonly epoch: number }

/** Where revocations come from. */
export interface RevocationFeed {
  /**
   * Calls back for every revocation that is still to be remembered, and then for each new one, in order.
   *
   * @returns the way to stop that
   */
  follow(listener: (revocation: Revocation) => void): () => void
  /**
   * How long ago, in milliseconds, everything was known: 0 for a feed in the process where revocations happen, infinite before
   * the first whole reading of one that is elsewhere. Asked at every verification.
   */
  staleness(): number
}

/** What an access token says that revocations are about. */
export interface Revocable {
  readonly sid: string
  readonly shard: string
  readonly epoch: number
  readonly claimsEpoch: number
}

/**
 * What this process knows of revocations. Asked at every verification, so it answers from maps; each entry is forgotten
 * between one and two lifetimes of an access token after it came, without a timer and without a walk over the map.
 */
export class RevocationView {
  /** Grows with every revocation: what was judged before has to be judged again. */
  version = 0
  #everyone = 0
  #young = new Generation()
  #old = new Generation()
  #turnAt: number
  /** Until then something is missing here, since there was no more room. */
  #fullUntil = 0
  readonly #feed: RevocationFeed | undefined
  readonly #lifetimeMs: number
  readonly #now: () => number
  readonly #listeners = new Map<string, Set<Watcher>>()

  constructor(feed: RevocationFeed | undefined, lifetimeMs: number, now: () => number) {
    this.#feed = feed
    this.#lifetimeMs = lifetimeMs
    this.#now = now
    this.#turnAt = now() + lifetimeMs
    feed?.follow((revocation) => this.apply(revocation))
  }

  /** How long ago everything was known, in milliseconds; infinite while there is more than can be remembered. */
  staleness(): number {
    if (this.#fullUntil > 0 && this.#now() < this.#fullUntil) return Number.POSITIVE_INFINITY
    return this.#feed?.staleness() ?? 0
  }

  /** Takes note of a revocation; twice is as good as once. */
  apply(revocation: Revocation): void {
    const now = this.#now()
    if (now >= this.#turnAt) {
      this.#old = now >= this.#turnAt + this.#lifetimeMs ? new Generation() : this.#young
      this.#young = new Generation()
      this.#turnAt = now + this.#lifetimeMs
    }
    if (revocation.kind === 'everyone') this.#everyone = Math.max(this.#everyone, revocation.epoch)
    else if (this.#young.size >= MOST) this.#fullUntil = now + this.#lifetimeMs
    else if (revocation.kind === 'session') this.#young.sids.add(revocation.sid)
    else {
      const known = this.#subject(revocation.shard)
      this.#young.subjects.set(revocation.shard, {
        epoch: Math.max(known?.epoch ?? 0, revocation.epoch),
        claimsEpoch: Math.max(known?.claimsEpoch ?? 0, revocation.claimsEpoch),
        until: Math.max(known?.until ?? 0, revocation.until),
      })
    }
    this.version++
    this.#tellWatchers(revocation)
  }

  /** Whether what a token says still holds. */
  judge(token: Revocable): 'session_ended' | 'claims_stale' | undefined {
    if (this.isEnded(token.sid) || token.epoch < this.#everyone) return 'session_ended'
    if (this.#young.subjects.size + this.#old.subjects.size === 0) return undefined
    const subject = this.#subject(token.shard)
    if (subject === undefined) return undefined
    if (token.epoch < subject.epoch) return 'session_ended'
    return token.claimsEpoch < subject.claimsEpoch ? 'claims_stale' : undefined
  }

  /** Whether a session is over that stood so in the store's last step. */
  isOver(
    { sid, shard }: Pick<Revocable, 'sid' | 'shard'>,
    { epoch, claimsEpoch }: Pick<Revocable, 'epoch' | 'claimsEpoch'>,
  ): boolean {
    return this.judge({ sid, shard, epoch, claimsEpoch }) === 'session_ended'
  }

  /** Whether the session itself is known to be over. */
  isEnded(sid: string): boolean {
    return this.#young.sids.has(sid) || this.#old.sids.has(sid)
  }

  /** Calls back once, when the session of the token ends. Returns the way to stop waiting. */
  onEnd(token: Revocable, listener: () => void): () => void {
    const watcher = { token, listener }
    const watchers = this.#listeners.get(token.sid) ?? new Set()
    this.#listeners.set(token.sid, watchers.add(watcher))
    const stop = (): void => {
      watchers.delete(watcher)
      if (watchers.size === 0 && this.#listeners.get(token.sid) === watchers) this.#listeners.delete(token.sid)
    }
    if (this.judge(token) === 'session_ended') this.#tell(watcher, stop)
    return stop
  }

  /** The store forgets a subject's epochs in time and counts from zero again: what it says then must not be measured by them. */
  #subject(shard: string): Remembered | undefined {
    const known = this.#young.subjects.get(shard) ?? this.#old.subjects.get(shard)
    return known === undefined || this.#now() >= known.until ? undefined : known
  }

  #tellWatchers(revocation: Revocation): void {
    // One session's end is looked up, not searched for: thousands of streams may be open.
    const sids = revocation.kind === 'session' ? [revocation.sid] : [...this.#listeners.keys()]
    for (const sid of sids) {
      const watchers = this.#listeners.get(sid)
      if (watchers === undefined) continue
      for (const watcher of watchers) {
        if (this.judge(watcher.token) !== 'session_ended') continue
        this.#tell(watcher, () => {
          watchers.delete(watcher)
          if (watchers.size === 0) this.#listeners.delete(sid)
        })
      }
    }
  }

  #tell(watcher: Watcher, stop: () => void): void {
    stop()
    try {
      watcher.listener()
    } catch {
      // One stream's failure to end must not keep the others open.
    }
  }
}

interface Watcher {
  readonly token: Revocable
  readonly listener: () => void
}

interface Remembered {
  readonly epoch: number
  readonly claimsEpoch: number
  readonly until: number
}

/** Some 100 MB. More revocations within one access token's lifetime are an attack, or a mistake. */
const MOST = 1_000_000

class Generation {
  readonly sids = new Set<string>()
  readonly subjects = new Map<string, Remembered>()

  get size(): number {
    return this.sids.size + this.subjects.size
  }
}
