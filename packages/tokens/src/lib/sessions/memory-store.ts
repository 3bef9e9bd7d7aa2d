import { ConfigurationError, InvalidArgumentError, isProduction, readOptions, warn, type Now } from '@wardstone/core'
import type { EndReason, Family } from '../refresh/family.ts'
import { step, whyDead } from '../refresh/step.ts'
import { MemoryFeed } from './memory-feed.ts'
import { bury, endOf, known, lastMoveOf, lifetimesOf, type Subject } from './memory-records.ts'
import type { Revocable, RevocationFeed } from './revocation.ts'
import type { Created, Epochs, NewSession, Rotated, Rotation, SessionStore, StoreSettings } from './store.ts'

/** Options of {@link memoryStore}. */
export interface MemoryStoreOptions {
  /** Default: the clock of the service that uses the store. */
  readonly now?: Now | undefined
}

/**
 * Keeps sessions in this process: for development, tests, and applications of one process that may sign everybody out
 * when they restart.
 *
 * @throws {@link ConfigurationError} `invalid_options`
 *
 * @example
 * ```ts
 * import { memoryStore } from '@wardstone/tokens'
 *
 * export const store = memoryStore()
 * ```
 */
export function memoryStore(options: MemoryStoreOptions = {}): SessionStore {
  const now = readOptions('memoryStore', options, (o) => o.callback<Now | undefined>('now'))
  if (isProduction()) warn('WARDSTONE_EPHEMERAL_STORE', 'memoryStore: sessions live in this process only, and end with it')
  return new MemoryStore(now)
}

/** JavaScript runs one piece at a time: a verb that does not await in the middle is atomic. */
export class MemoryStore implements SessionStore {
  readonly lossy: boolean
  readonly #now: Now
  readonly #step: typeof step
  readonly #families = new Map<string, Family>()
  readonly #subjects = new Map<string, Subject>()
  readonly #feed = new MemoryFeed()
  #everyone = 0
  #highest = 0
  #settings: StoreSettings | undefined
  #sweptFamilies = this.#families.values()
  #sweptSubjects = this.#subjects.entries()

  /** Tests pass steps that are wrong on purpose, and stores that forget. */
  constructor(now?: Now, steps: typeof step = step, lossy = false) {
    this.#now = now ?? (() => this.#configured().now())
    this.#step = steps
    this.lossy = lossy
  }

  get revocations(): RevocationFeed {
    return this.#feed
  }

  configure(settings: StoreSettings): void {
    if (this.#settings !== undefined && lifetimesOf(this.#settings) !== lifetimesOf(settings))
      throw new ConfigurationError('memoryStore', [
        { option: 'store', expected: 'services that share a store must have the same lifetimes' },
      ])
    this.#settings = settings
  }

  async create(session: NewSession): Promise<Created> {
    const { policy, maxSessions } = this.#configured()
    const now = this.#now()
    this.#forgetSome(now)
    const epochs = this.#epochs(session.shard)
    // Lower is not moved: a subject without sessions is forgotten in time, and starts from zero.
    if (session.expectedEpoch !== undefined && session.expectedEpoch < epochs.epoch) return { ok: false, reason: 'epoch_moved' }
    const { sid, shard, sub, secretHash, kid } = session
    const subject = this.#subject(shard)
    const evicted = this.#makeRoom(subject, maxSessions, now)
    const family: Family = {
      sid,
      shard,
      sub,
      secretHash,
      kid,
      client: known(session.client, {}),
      createdAt: now,
      authTime: session.authTime ?? now,
      absoluteEnd: now + policy.absoluteMs,
      idleEnd: Math.min(now + policy.idleMs, now + policy.absoluteMs),
      epoch: epochs.epoch,
      generation: 0,
      rotatedAt: now,
      emittedAt: now,
      confirmedAt: undefined,
      everConfirmed: false,
      late: false,
      lateStreak: 0,
      ended: undefined,
    }
    this.#families.set(sid, family)
    subject.sids.add(sid)
    return { ok: true, family, epochs, evicted, sessions: subject.sids.size }
  }

  async rotate(rotation: Rotation): Promise<Rotated> {
    const { policy } = this.#configured()
    const now = this.#now()
    const family = this.#find(rotation.shard, rotation.sid)
    if (family === undefined) return { ok: false, reason: 'unknown_session' }
    const epochs = this.#epochs(rotation.shard)
    const { kid, knownDead } = rotation
    const done = this.#step(family, rotation, policy, { now, epoch: epochs.epoch, kid, lossy: this.lossy, knownDead })
    if (done.kind === 'refused') return { ok: false, reason: done.reason, family, endedNow: false }
    if (done.kind === 'ended') {
      return { ok: false, reason: done.reason, family: this.#end(family, done.reason, now), endedNow: true }
    }
    const before = family.client
    if (done.kind === 'repeated') return { ok: true, kind: done.kind, family, epochs, before }
    const after = { ...family, ...done.changes, client: known(rotation.client, before) }
    this.#families.set(after.sid, after)
    // A retry is no use of its own: what `list` calls the last use is the rotation.
    if (done.kind !== 'replayed') {
      const { sids } = this.#subject(after.shard)
      sids.delete(after.sid)
      sids.add(after.sid)
    }
    return { ok: true, kind: done.kind, family: after, epochs, before }
  }

  async confirm(shard: string, sid: string, generation: number): Promise<void> {
    const family = this.#find(shard, sid)
    if (family === undefined || family.generation !== generation || family.confirmedAt !== undefined) return
    if (this.#isDead(family)) return
    this.#families.set(sid, { ...family, confirmedAt: this.#now(), everConfirmed: true })
  }

  async end(shard: string, sid: string, reason: EndReason, secretHash?: Buffer): Promise<{ readonly sub: string } | undefined> {
    const family = this.#find(shard, sid)
    if (family === undefined || this.#isDead(family)) return undefined
    if (secretHash !== undefined && !secretHash.equals(family.secretHash)) return undefined
    return this.#end(family, reason, this.#now())
  }

  async endOthers(shard: string, sid: string): Promise<readonly string[]> {
    const now = this.#now()
    const others = this.#live(shard).filter((family) => family.sid !== sid)
    for (const family of others) this.#end(family, 'revoked', now)
    return others.map((family) => family.sid)
  }

  async endAll(shard: string): Promise<Epochs> {
    const subject = this.#subject(shard)
    const ended = { at: this.#now(), reason: 'subject_revoked' } as const
    for (const family of this.#live(shard)) this.#families.set(family.sid, { ...family, ended })
    this.#bury(subject, [...subject.sids])
    subject.epoch = this.#next(Math.max(subject.epoch, this.#everyone))
    return this.#announce(shard)
  }

  async endEveryone(): Promise<number> {
    this.#everyone = this.#next(this.#highest)
    for (const subject of this.#subjects.values()) this.#bury(subject, [...subject.sids])
    this.#feed.append({ kind: 'everyone', epoch: this.#everyone }, this.#now())
    return this.#everyone
  }

  async touchClaims(shard: string): Promise<Epochs> {
    const subject = this.#subject(shard)
    subject.claimsEpoch = this.#next(subject.claimsEpoch)
    return this.#announce(shard)
  }

  async epochs(shard: string): Promise<Epochs> {
    return this.#epochs(shard)
  }

  async judge({ sid, shard, epoch, claimsEpoch }: Revocable): Promise<'session_ended' | 'claims_stale' | undefined> {
    const family = this.#find(shard, sid)
    const epochs = this.#epochs(shard)
    if (family === undefined || this.#isDead(family) || epoch < epochs.epoch) return 'session_ended'
    return claimsEpoch < epochs.claimsEpoch ? 'claims_stale' : undefined
  }

  async list(shard: string): Promise<readonly Family[]> {
    return this.#live(shard).reverse()
  }

  #configured(): StoreSettings {
    if (this.#settings === undefined)
      throw new InvalidArgumentError('store', 'expected createTokenService({ store }) before the first use')
    return this.#settings
  }

  #find(shard: string, sid: string): Family | undefined {
    const family = this.#families.get(sid)
    return family?.shard === shard ? family : undefined
  }

  #subject(shard: string): Subject {
    const known = this.#subjects.get(shard)
    if (known !== undefined) return known
    const made = { epoch: 0, claimsEpoch: 0, sids: new Set<string>(), over: new Set<string>() }
    this.#subjects.set(shard, made)
    return made
  }

  #epochs(shard: string): Epochs {
    const { epoch = 0, claimsEpoch = 0 } = this.#subjects.get(shard) ?? {}
    return { epoch: Math.max(epoch, this.#everyone), claimsEpoch }
  }

  /** Above the one before, and above any that a copy of this data may have had: microseconds of the clock. */
  #next(previous: number): number {
    const next = Math.max(previous + 1, Math.floor(this.#now() * 1000))
    this.#highest = Math.max(this.#highest, next)
    return next
  }

  #live(shard: string): Family[] {
    const sids = [...(this.#subjects.get(shard)?.sids ?? [])]
    return sids.flatMap((sid) => this.#families.get(sid) ?? []).filter((family) => !this.#isDead(family))
  }

  #isDead(family: Family): boolean {
    return whyDead(family, { now: this.#now(), epoch: this.#epochs(family.shard).epoch, knownDead: false }) !== undefined
  }

  #end(family: Family, reason: EndReason, at: number): Family {
    const ended = { ...family, ended: { at, reason } }
    this.#families.set(family.sid, ended)
    this.#bury(this.#subject(family.shard), [family.sid])
    this.#feed.append({ kind: 'session', sid: family.sid, until: at + this.#configured().revocationMs }, at)
    return ended
  }

  #bury(subject: Subject, gone: readonly string[]): void {
    for (const sid of bury(subject, gone, this.#configured().maxSessions)) this.#families.delete(sid)
  }

  /** Those that are over leave without a word, and only then those that are alive. */
  #makeRoom(subject: Subject, maxSessions: number, now: number): readonly string[] {
    const { sids } = subject
    const evicted: string[] = []
    if (sids.size < maxSessions) return evicted
    const families = [...sids].flatMap((sid) => this.#families.get(sid) ?? [])
    for (const family of families) if (this.#isDead(family)) this.#bury(subject, [family.sid])
    for (const family of families) {
      if (sids.size < maxSessions) break
      if (!sids.has(family.sid)) continue
      this.#end(family, 'evicted', now)
      evicted.push(family.sid)
    }
    return evicted
  }

  #announce(shard: string): Epochs {
    const epochs = this.#epochs(shard)
    const now = this.#now()
    this.#feed.append({ kind: 'subject', shard, ...epochs, until: now + this.#configured().revocationMs }, now)
    return epochs
  }

  /** Forgets what has been over for long, a few records at each new session, so that no call pays for all. */
  #forgetSome(now: number): void {
    const { revocationMs } = this.#configured()
    for (let i = 0; i < 4; i++) {
      const family = this.#sweptFamilies.next().value
      if (family === undefined) this.#sweptFamilies = this.#families.values()
      else if (now >= endOf(family) + revocationMs) {
        this.#families.delete(family.sid)
        const { sids, over } = this.#subject(family.shard)
        sids.delete(family.sid)
        over.delete(family.sid)
      }
      const subject = this.#sweptSubjects.next().value
      if (subject === undefined) this.#sweptSubjects = this.#subjects.entries()
      // Nothing is left that its epochs could be compared with.
      else if (subject[1].sids.size + subject[1].over.size === 0 && now >= lastMoveOf(subject[1]) + 3 * revocationMs)
        this.#subjects.delete(subject[0])
    }
  }
}
