import { ConfigurationError, InvalidArgumentError, type ClientFacts, type SqlLike } from '@wardstone/core'
import type { EndReason, Family } from '../refresh/family.ts'
import type { Stillborn } from '../refresh/step.ts'
import { Follower } from '../sessions/followed-feed.ts'
import type { Revocable, RevocationFeed } from '../sessions/revocation.ts'
import type { Created, Epochs, NewSession, Rotated, Rotation, SessionStore, StoreSettings } from '../sessions/store.ts'
import { Database } from './database.ts'
import { decodeText, encodeText, readEpochs, readFamily, toldText, whole } from './record.ts'
import { PostgresSource } from './source.ts'
import { statementsOf, type Statements } from './statements.ts'
import { Sweeper, type Cleaned } from './sweeper.ts'

/** What a store on PostgreSQL works with. */
export interface PostgresStoreSettings {
  readonly sql: SqlLike
  /** Quoted. */
  readonly schema: string
  readonly deadlineMs: number
  readonly everyMs: number
  readonly testClockOffset: () => number
}

/** What is known once the service has said who it is. */
interface Configured {
  readonly settings: StoreSettings
  readonly feed: Follower
}

type Answer = readonly unknown[]

/** Every verb is one statement, by the clock of the server. */
export class PostgresStore implements SessionStore {
  readonly lossy = false
  readonly #own: PostgresStoreSettings
  readonly #database: Database
  readonly #texts: Statements
  readonly #sweeper: Sweeper
  #configured: Configured | undefined

  constructor(own: PostgresStoreSettings) {
    this.#own = own
    this.#database = new Database(own.sql, own.deadlineMs)
    this.#texts = statementsOf(own.schema)
    this.#sweeper = new Sweeper(this.#database, own.schema, own.testClockOffset)
  }

  get revocations(): RevocationFeed {
    return this.#ready().feed
  }

  configure(settings: StoreSettings): void {
    if (this.#configured !== undefined) {
      if (sharedBy(this.#configured.settings) === sharedBy(settings)) return
      throw new ConfigurationError('postgresStore', [
        { option: 'store', expected: 'services that share a store must have the same issuer and the same lifetimes' },
      ])
    }
    const { schema, everyMs, testClockOffset } = this.#own
    const source = new PostgresSource(this.#database, schema, settings.namespace, testClockOffset)
    this.#configured = { settings, feed: new Follower(source, { everyMs }) }
  }

  /** Stops following revocations. The pool is the caller's. */
  close(): void {
    this.#configured?.feed.close()
  }

  async cleanup({ batch = 1_000 }: { readonly batch?: number | undefined } = {}): Promise<Cleaned> {
    if (!Number.isInteger(batch) || batch < 1 || batch > 100_000)
      throw new InvalidArgumentError('batch', 'expected a whole number from 1 to 100000')
    return this.#sweeper.sweep(this.#ready().settings, batch)
  }

  async create(session: NewSession): Promise<Created> {
    const { sid, shard, sub, secretHash, kid, authTime, expectedEpoch, client } = session
    if (!isSid(sid)) throw new InvalidArgumentError('sid', 'expected base64url of 16 bytes')
    const { policy, maxSessions } = this.#ready().settings
    const times = [maxSessions, policy.idleMs, policy.absoluteMs]
    const proved = authTime === undefined ? null : Math.floor(authTime)
    const args = [...times, sid, secretHash, encodeText(sub), kid, proved, expectedEpoch ?? null, ...told(client)]
    const answer = (await this.#run('create', shard, args)) as Answer | null
    if (answer === null) return { ok: false, reason: 'epoch_moved' }
    const [epoch, claimsEpoch, sessions, gone, family] = answer
    const evicted = gone as readonly string[]
    for (const other of evicted) this.#over(other)
    return {
      ok: true,
      family: readFamily(family as Answer),
      epochs: readEpochs(epoch, claimsEpoch),
      evicted,
      sessions: whole(sessions),
    }
  }

  async rotate(rotation: Rotation): Promise<Rotated> {
    const { sid, shard, secretHash, generation, kid, knownDead, client } = rotation
    if (!isSid(sid)) return { ok: false, reason: 'unknown_session' }
    const { idleMs, graceMs, lostWindowMs, unconfirmedWindowMs, budget } = this.#ready().settings.policy
    const times = [idleMs, graceMs, lostWindowMs, unconfirmedWindowMs, budget]
    const args = [sid, secretHash, generation, kid, knownDead, ...told(client), ...times]
    const answer = (await this.#run('rotate', shard, args)) as Answer | null
    if (answer === null) return { ok: false, reason: 'unknown_session' }
    const [outcome, reason, epoch, claimsEpoch, ip, userAgent, values] = answer
    const family = readFamily(values as Answer)
    if (outcome === 'rotated' || outcome === 'repeated' || outcome === 'replayed') {
      const before = { ip: toldText(ip), userAgent: toldText(userAgent) }
      return { ok: true, kind: outcome, family, epochs: readEpochs(epoch, claimsEpoch), before }
    }
    const endedNow = outcome === 'ended'
    if (endedNow) this.#over(sid)
    return { ok: false, reason: reason as Stillborn, family, endedNow }
  }

  async confirm(shard: string, sid: string, generation: number): Promise<void> {
    if (isSid(sid)) await this.#run('confirm', shard, [sid, generation])
  }

  async end(shard: string, sid: string, reason: EndReason, secretHash?: Buffer): Promise<{ readonly sub: string } | undefined> {
    if (!isSid(sid)) return undefined
    const sub = (await this.#run('end', shard, [sid, reason, secretHash ?? null])) as string | null
    if (sub === null) return undefined
    this.#over(sid)
    return { sub: decodeText(sub) }
  }

  async endOthers(shard: string, sid: string): Promise<readonly string[]> {
    const ended = (await this.#run('endOthers', shard, [isSid(sid) ? sid : ''])) as readonly string[]
    for (const other of ended) this.#over(other)
    return ended
  }

  async endAll(shard: string): Promise<Epochs> {
    return this.#move('endAll', shard)
  }

  async touchClaims(shard: string): Promise<Epochs> {
    return this.#move('touchClaims', shard)
  }

  async endEveryone(): Promise<number> {
    const { feed, settings } = this.#ready()
    const params = [settings.namespace, this.#offset(), this.#database.deadlineMs, settings.revocationMs]
    const epoch = whole((await this.#ask('endEveryone', this.#texts.endEveryone, params))[0])
    feed.take({ kind: 'everyone', epoch })
    return epoch
  }

  async epochs(shard: string): Promise<Epochs> {
    const [answer] = await this.#ask('epochs', this.#texts.epochs, [this.#ready().settings.namespace, shard])
    return readEpochs(...(answer as [unknown, unknown]))
  }

  async judge({ shard, sid, epoch, claimsEpoch }: Revocable): Promise<'session_ended' | 'claims_stale' | undefined> {
    if (!isSid(sid)) return 'session_ended'
    const params = [this.#ready().settings.namespace, shard, this.#offset(), sid]
    const [least, leastClaims, alive] = (await this.#ask('judge', this.#texts.judge, params))[0] as Answer
    const now = readEpochs(least, leastClaims)
    if (alive !== true || epoch < now.epoch) return 'session_ended'
    return claimsEpoch < now.claimsEpoch ? 'claims_stale' : undefined
  }

  async list(shard: string): Promise<readonly Family[]> {
    const params = [this.#ready().settings.namespace, shard, this.#offset()]
    return (await this.#ask('list', this.#texts.list, params)).map((family) => readFamily(family as Answer))
  }

  async #move(verb: 'endAll' | 'touchClaims', shard: string): Promise<Epochs> {
    const answer = await this.#run('moveEpoch', shard, [verb === 'endAll'], verb)
    const epochs = readEpochs(...(answer as [unknown, unknown]))
    this.#ready().feed.take({ kind: 'subject', shard, ...epochs, until: this.#until() })
    return epochs
  }

  /** What ends here is known here at once, before it is read from the table. */
  #over(sid: string): void {
    this.#ready().feed.take({ kind: 'session', sid, until: this.#until() })
  }

  #until(): number {
    const { now, revocationMs } = this.#ready().settings
    return now() + revocationMs
  }

  #offset(): number {
    return Math.round(this.#own.testClockOffset())
  }

  #ready(): Configured {
    if (this.#configured === undefined)
      throw new InvalidArgumentError('store', 'expected createTokenService({ store }) before the first use')
    return this.#configured
  }

  /** Calls a function about a subject. */
  async #run(
    name: 'create' | 'rotate' | 'confirm' | 'end' | 'endOthers' | 'moveEpoch',
    shard: string,
    args: readonly unknown[],
    verb: string = name,
  ): Promise<unknown> {
    const { namespace, revocationMs } = this.#ready().settings
    const common = [namespace, shard, this.#offset(), this.#database.deadlineMs, revocationMs]
    return (await this.#ask(verb, this.#texts[name], [...common, ...args]))[0]
  }

  /** The answers, read. */
  async #ask(verb: string, text: string, params: unknown[]): Promise<readonly unknown[]> {
    const rows = await this.#database.query(verb, text, params)
    return rows.map(({ answer }) => (typeof answer === 'string' ? JSON.parse(answer) : null))
  }
}

/** Ids come from outside, too: what is none is nobody's, and no text for a database either. */
function isSid(sid: string): boolean {
  return /^[\w-]{22}$/.test(sid)
}

function told({ ip, userAgent }: ClientFacts): readonly [string | null, string | null] {
  return [ip === undefined ? null : encodeText(ip), userAgent === undefined ? null : encodeText(userAgent)]
}

/** What services that share a store must have in common. */
function sharedBy({ namespace, policy, maxSessions, revocationMs }: StoreSettings): string {
  return JSON.stringify([namespace, policy, maxSessions, revocationMs])
}
