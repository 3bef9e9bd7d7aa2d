import { setImmediate as turn } from 'node:timers/promises'
import type { Created, Epochs, NewSession, Revocable, Rotated, Rotation, SessionStore, StoreSettings } from '../../src/index.ts'
import type { EndReason, Family } from '../../src/lib/refresh/family.ts'
import { step, whyDead } from '../../src/lib/refresh/step.ts'
import { MemoryFeed } from '../../src/lib/sessions/memory-feed.ts'

interface Document {
  readonly families: readonly Family[]
  readonly epoch: number
  readonly claimsEpoch: number
}

const EMPTY: Document = { families: [], epoch: 0, claimsEpoch: 0 }

/** A store as many write it: reads a document, decides by the very same rules, and writes the document. Alone it is right. */
export class NaiveStore implements SessionStore {
  readonly lossy = false
  readonly revocations = new MemoryFeed()
  readonly #now: () => number
  readonly #documents = new Map<string, Document>()
  #everyone = 0
  #settings: StoreSettings | undefined

  constructor(now: () => number) {
    this.#now = now
  }

  configure(settings: StoreSettings): void {
    this.#settings = settings
  }

  async create(session: NewSession): Promise<Created> {
    const { policy, maxSessions } = this.#set()
    const now = this.#now()
    const document = await this.#read(session.shard)
    const { epoch, claimsEpoch } = document
    if (session.expectedEpoch !== undefined && session.expectedEpoch < epoch) return { ok: false, reason: 'epoch_moved' }
    const { sid, shard, sub, secretHash, kid, client, authTime = now } = session
    const ends = { absoluteEnd: now + policy.absoluteMs, idleEnd: now + policy.idleMs, ended: undefined }
    const times = { createdAt: now, authTime, rotatedAt: now, emittedAt: now, confirmedAt: undefined, ...ends }
    const counts = { epoch, generation: 0, everConfirmed: false, late: false, lateStreak: 0 }
    const family: Family = { sid, shard, sub, secretHash, kid, client, ...times, ...counts }
    const living = this.#living(document)
    const evicted = living.slice(0, Math.max(0, living.length - maxSessions + 1)).map((one) => one.sid)
    const kept = living.filter((one) => !evicted.includes(one.sid))
    const over = document.families.filter((one) => !living.includes(one)).slice(-maxSessions)
    const gone = living.filter((one) => evicted.includes(one.sid)).map((one) => this.#ended(one, 'evicted'))
    await this.#write(shard, { ...document, families: [...over, ...gone, ...kept, family] })
    return { ok: true, family, epochs: { epoch, claimsEpoch }, evicted, sessions: kept.length + 1 }
  }

  async rotate(rotation: Rotation): Promise<Rotated> {
    const document = await this.#read(rotation.shard)
    const family = document.families.find(({ sid }) => sid === rotation.sid)
    if (family === undefined) return { ok: false, reason: 'unknown_session' }
    const { epoch, claimsEpoch } = document
    const { kid, knownDead } = rotation
    const done = step(family, rotation, this.#set().policy, { now: this.#now(), epoch, kid, lossy: false, knownDead })
    if (done.kind === 'refused') return { ok: false, reason: done.reason, family, endedNow: false }
    if (done.kind === 'ended') {
      const ended = this.#ended(family, done.reason)
      await this.#replace(document, ended)
      return { ok: false, reason: done.reason, family: ended, endedNow: true }
    }
    const answer = { ok: true, kind: done.kind, epochs: { epoch, claimsEpoch }, before: family.client } as const
    if (done.kind === 'repeated') return { ...answer, family }
    const { ip = family.client.ip, userAgent = family.client.userAgent } = rotation.client
    const after = { ...family, ...done.changes, client: { ip, userAgent } }
    await this.#replace(document, after)
    return { ...answer, family: after }
  }

  async confirm(shard: string, sid: string, generation: number): Promise<void> {
    const document = await this.#read(shard)
    const family = this.#living(document).find((one) => one.sid === sid)
    if (family === undefined || family.generation !== generation || family.confirmedAt !== undefined) return
    await this.#replace(document, { ...family, confirmedAt: this.#now(), everConfirmed: true })
  }

  async end(shard: string, sid: string, reason: EndReason, secretHash?: Buffer): Promise<{ readonly sub: string } | undefined> {
    const document = await this.#read(shard)
    const family = this.#living(document).find((one) => one.sid === sid)
    if (family === undefined || (secretHash !== undefined && !secretHash.equals(family.secretHash))) return undefined
    await this.#replace(document, this.#ended(family, reason))
    return family
  }

  async endOthers(shard: string, sid: string): Promise<readonly string[]> {
    const document = await this.#read(shard)
    const others = this.#living(document).filter((one) => one.sid !== sid)
    const families = document.families.map((one) => (others.includes(one) ? this.#ended(one, 'revoked') : one))
    await this.#write(shard, { ...document, families })
    return others.map((one) => one.sid)
  }

  async endAll(shard: string): Promise<Epochs> {
    const document = await this.#read(shard)
    return this.#move(shard, { ...document, epoch: this.#next(document.epoch) })
  }

  async endEveryone(): Promise<number> {
    const highest = Math.max(this.#everyone, ...[...this.#documents.values()].flatMap((one) => [one.epoch, one.claimsEpoch]))
    await turn()
    this.#everyone = this.#next(highest)
    this.revocations.append({ kind: 'everyone', epoch: this.#everyone }, this.#now())
    return this.#everyone
  }

  async touchClaims(shard: string): Promise<Epochs> {
    const document = await this.#read(shard)
    return this.#move(shard, { ...document, claimsEpoch: this.#next(document.claimsEpoch) })
  }

  async epochs(shard: string): Promise<Epochs> {
    const { epoch, claimsEpoch } = await this.#read(shard)
    return { epoch, claimsEpoch }
  }

  async judge({ shard, sid, epoch, claimsEpoch }: Revocable): Promise<'session_ended' | 'claims_stale' | undefined> {
    const document = await this.#read(shard)
    if (!this.#living(document).some((one) => one.sid === sid) || epoch < document.epoch) return 'session_ended'
    return claimsEpoch < document.claimsEpoch ? 'claims_stale' : undefined
  }

  async list(shard: string): Promise<readonly Family[]> {
    return this.#living(await this.#read(shard)).toReversed()
  }

  #set(): StoreSettings {
    if (this.#settings === undefined) throw new Error('configure() comes first')
    return this.#settings
  }

  async #read(shard: string): Promise<Document> {
    await turn()
    const document = this.#documents.get(shard) ?? EMPTY
    return { ...document, epoch: Math.max(document.epoch, this.#everyone) }
  }

  async #write(shard: string, document: Document): Promise<void> {
    await turn()
    this.#documents.set(shard, document)
  }

  async #replace(document: Document, after: Family): Promise<void> {
    const families = document.families.map((one) => (one.sid === after.sid ? after : one))
    await this.#write(after.shard, { ...document, families })
  }

  async #move(shard: string, { epoch, claimsEpoch, families }: Document): Promise<Epochs> {
    await this.#write(shard, { epoch, claimsEpoch, families })
    const until = this.#now() + this.#set().revocationMs
    this.revocations.append({ kind: 'subject', shard, epoch, claimsEpoch, until }, this.#now())
    return { epoch, claimsEpoch }
  }

  /** The least recently used first. */
  #living(document: Document): readonly Family[] {
    const around = { now: this.#now(), epoch: document.epoch, knownDead: false }
    const living = document.families.filter((one) => whyDead(one, around) === undefined)
    return living.toSorted((a, b) => a.rotatedAt - b.rotatedAt)
  }

  #ended(family: Family, reason: EndReason): Family {
    const until = this.#now() + this.#set().revocationMs
    this.revocations.append({ kind: 'session', sid: family.sid, until }, this.#now())
    return { ...family, ended: { at: this.#now(), reason } }
  }

  #next(previous: number): number {
    return Math.max(previous + 1, this.#now() * 1000)
  }
}
