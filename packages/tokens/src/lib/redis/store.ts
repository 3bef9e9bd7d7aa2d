import { ConfigurationError, InvalidArgumentError, type ClientFacts } from '@wardstone/core'
import { StoreUnavailableError, type RedisConnection, type RedisLike, type Script } from '@wardstone/redis'
import type { EndReason, Family } from '../refresh/family.ts'
import { Follower } from '../sessions/followed-feed.ts'
import { kept } from '../sessions/kept-facts.ts'
import type { Revocable, RevocationFeed } from '../sessions/revocation.ts'
import type { Created, Epochs, NewSession, Rotated, Rotation, SessionStore, StoreSettings } from '../sessions/store.ts'
import { Layout } from './layout.ts'
import { kindOf, numberOf, readFamily, reasonOf } from './record.ts'
import { scripts } from './scripts.ts'
import { RedisSource } from './source.ts'

/** `createRedis()` can say how its servers are set; another port need not. */
type ExaminedRedis = RedisLike & Partial<Pick<RedisConnection, 'health'>>

/** What a store on Redis works with. */
export interface RedisStoreSettings {
  readonly redis: ExaminedRedis
  readonly buckets: number
  readonly deadlineMs: number
  readonly requireDurable: boolean
  readonly everyMs: number
  readonly testClockOffset: () => number
}

/** What is known once the service has said who it is. */
interface Configured {
  readonly settings: StoreSettings
  readonly layout: Layout
  readonly feed: Follower
}

type Answer = readonly (Buffer | number | readonly Buffer[])[]
type Undurable = Parameters<StoreSettings['undurable']>[0]

/** Every verb is one script on one slot, by the clock of the server. */
export class RedisStore implements SessionStore {
  readonly lossy = true
  readonly #own: RedisStoreSettings
  #configured: Configured | undefined
  #servers: 'unknown' | 'asked' | 'fit' | 'evicting' = 'unknown'

  constructor(own: RedisStoreSettings) {
    this.#own = own
  }

  get revocations(): RevocationFeed {
    return this.#ready().feed
  }

  configure(settings: StoreSettings): void {
    if (this.#configured !== undefined) {
      if (sharedBy(this.#configured.settings) === sharedBy(settings)) return
      throw new ConfigurationError('redisStore', [
        { option: 'store', expected: 'services that share a store must have the same issuer and the same lifetimes' },
      ])
    }
    const { redis, buckets, deadlineMs, everyMs } = this.#own
    const layout = new Layout(settings.namespace, buckets)
    const feed = new Follower(new RedisSource(redis, layout, deadlineMs), { everyMs })
    this.#configured = { settings, layout, feed }
    this.#examine()
  }

  /** Stops following revocations. The connection is the caller's. */
  close(): void {
    this.#configured?.feed.close()
  }

  async create(session: NewSession): Promise<Created> {
    const { sid, shard, sub, secretHash, kid, authTime, expectedEpoch, client } = session
    if (!isSid(sid)) throw new InvalidArgumentError('sid', 'expected base64url of 16 bytes')
    this.#refuseEviction()
    const { policy, maxSessions } = this.#ready().settings
    const args = [maxSessions, policy.idleMs, sid, secretHash, sub, kid, authTime ?? '', expectedEpoch ?? '', ...told(client)]
    const { value, durable } = await this.#write('create', scripts.create, shard, args)
    const [outcome, packed, epoch, claimsEpoch, sessions, evicted] = value as Answer
    if (String(outcome) !== 'created') return { ok: false, reason: 'epoch_moved' }
    const gone = (evicted as readonly Buffer[]).map(String)
    for (const other of gone) this.#over(other)
    return {
      ok: true,
      family: readFamily(sid, shard, packed as Buffer),
      epochs: epochsOf(epoch, claimsEpoch),
      evicted: gone,
      sessions: sessions as number,
      durable,
    }
  }

  async rotate(rotation: Rotation): Promise<Rotated> {
    const { sid, shard, secretHash, generation, kid, knownDead, client } = rotation
    if (!isSid(sid)) return { ok: false, reason: 'unknown_session' }
    const { idleMs, graceMs, lostWindowMs, unconfirmedWindowMs, budget } = this.#ready().settings.policy
    const args = [sid, secretHash, generation, kid, knownDead ? 1 : 0, ...told(client)]
    const times = [idleMs, graceMs, lostWindowMs, unconfirmedWindowMs, budget]
    const answer = (await this.#run(scripts.rotate, shard, [...args, ...times])) as Answer
    const [outcome, packed, what, epoch, claimsEpoch, ip, userAgent] = answer
    if (String(outcome) === 'unknown') return { ok: false, reason: 'unknown_session' }
    const family = readFamily(sid, shard, packed as Buffer)
    if (String(outcome) === 'stepped') {
      const before = { ip: String(ip) || undefined, userAgent: String(userAgent) || undefined }
      return { ok: true, kind: kindOf(what as number), family, epochs: epochsOf(epoch, claimsEpoch), before }
    }
    const endedNow = String(outcome) === 'ended'
    if (endedNow) await this.#ended(shard, sid)
    return { ok: false, reason: reasonOf(what as number), family, endedNow }
  }

  async confirm(shard: string, sid: string, generation: number): Promise<void> {
    if (isSid(sid)) await this.#run(scripts.confirm, shard, [sid, generation])
  }

  async end(shard: string, sid: string, reason: EndReason, secretHash?: Buffer): Promise<{ readonly sub: string } | undefined> {
    if (!isSid(sid)) return undefined
    const { value } = await this.#write('end', scripts.end, shard, [sid, numberOf(reason), secretHash ?? ''])
    if (value === null) return undefined
    this.#over(sid)
    if (value === 1) return undefined
    return { sub: (value as Buffer).toString() }
  }

  async endOthers(shard: string, sid: string): Promise<readonly string[]> {
    const { value } = await this.#write('endOthers', scripts.endOthers, shard, [sid])
    const ended = (value as readonly Buffer[]).map(String)
    for (const other of ended) this.#over(other)
    return ended
  }

  async endAll(shard: string): Promise<Epochs> {
    return this.#move('endAll', shard, 'epoch')
  }

  async touchClaims(shard: string): Promise<Epochs> {
    return this.#move('touchClaims', shard, 'claims')
  }

  /**
   * Slots know nothing of each other: all are asked for the highest epoch first, and then told the same one. If that fails in the middle,
   * some are told and the caller tries again.
   */
  async endEveryone(): Promise<number> {
    const { layout, feed } = this.#ready()
    const proposals = await Promise.all(layout.keysOfAll.map((keys) => this.#send(scripts.proposeEveryone, keys, '-', [])))
    const epoch = Math.max(...proposals.map(({ value }) => Number(value)))
    const told = await Promise.all(layout.keysOfAll.map((keys) => this.#send(scripts.endEveryone, keys, '-', [epoch], 1)))
    feed.take({ kind: 'everyone', epoch })
    if (told.some(({ acked }) => acked === 0)) this.#notDurable('endEveryone')
    return epoch
  }

  async epochs(shard: string): Promise<Epochs> {
    return epochsOf(...((await this.#run(scripts.epochs, shard, [])) as [Buffer, Buffer]))
  }

  async judge({ shard, sid, epoch, claimsEpoch }: Revocable): Promise<'session_ended' | 'claims_stale' | undefined> {
    if (!isSid(sid)) return 'session_ended'
    const verdict = await this.#run(scripts.judge, shard, [sid, epoch, claimsEpoch])
    return verdict === 0 ? undefined : verdict === 2 ? 'claims_stale' : 'session_ended'
  }

  async list(shard: string): Promise<readonly Family[]> {
    const flat = (await this.#run(scripts.list, shard, [])) as readonly Buffer[]
    return Array.from({ length: flat.length / 2 }, (_, i) => readFamily(String(flat[2 * i]), shard, flat[2 * i + 1] as Buffer))
  }

  async #move(verb: 'endAll' | 'touchClaims', shard: string, which: 'epoch' | 'claims'): Promise<Epochs> {
    const { feed } = this.#ready()
    const { value } = await this.#write(verb, scripts.moveEpoch, shard, [which])
    const epochs = epochsOf(...(value as [Buffer, Buffer]))
    feed.take({ kind: 'subject', shard, ...epochs, until: this.#until() })
    return epochs
  }

  /**
   * Somebody has a copy of the token: that must not be forgotten. Either every refresh waits for a replica, or what comes after this one does.
   * Whatever becomes of it, the thief is found, and said to be.
   */
  async #ended(shard: string, sid: string): Promise<void> {
    this.#over(sid)
    const { layout, settings } = this.#ready()
    const told = this.#send(scripts.announce, layout.keysOf(shard), shard, [sid], 1)
    const durable = await told.then(
      ({ acked }) => acked !== 0,
      () => false,
    )
    if (!durable) settings.undurable('rotate')
  }

  /** What ends here is known here at once, before it comes back through the stream. */
  #over(sid: string): void {
    this.#ready().feed.take({ kind: 'session', sid, until: this.#until() })
  }

  #until(): number {
    const { now, revocationMs } = this.#ready().settings
    return now() + revocationMs
  }

  /** A server that evicts forgets sessions, and the epochs by which everybody was logged out. */
  #refuseEviction(): void {
    if (this.#servers === 'unknown') this.#examine()
    if (this.#servers !== 'evicting') return
    throw new ConfigurationError('redisStore', [
      {
        option: 'redis',
        expected: 'expected a Redis with maxmemory-policy noeviction: this one forgets sessions when memory is short',
      },
    ])
  }

  /** Beside the calls, which have deadlines of their own, and again until all servers have answered: Redis may be away at the start. */
  #examine(): void {
    const { redis, deadlineMs } = this.#own
    if (redis.health === undefined) return
    this.#servers = 'asked'
    void redis.health({ deadlineMs }).then(({ nodes }) => {
      const evicting = nodes.some(({ evictionPolicy = 'noeviction' }) => evictionPolicy !== 'noeviction')
      const all = nodes.length > 0 && nodes.every(({ answers }) => answers)
      this.#servers = evicting ? 'evicting' : all ? 'fit' : 'unknown'
    })
  }

  #ready(): Configured {
    if (this.#configured === undefined)
      throw new InvalidArgumentError('store', 'expected createTokenService({ store }) before the first use')
    return this.#configured
  }

  async #run(script: Script, shard: string, args: readonly (string | number | Buffer)[]): Promise<unknown> {
    return (await this.#send(script, this.#ready().layout.keysOf(shard), shard, args)).value
  }

  /** For what must not be forgotten in a failover, as far as Redis can promise that. */
  async #write(
    verb: Undurable,
    script: Script,
    shard: string,
    args: readonly (string | number | Buffer)[],
  ): Promise<{ readonly value: unknown; readonly durable: boolean }> {
    const { value, acked } = await this.#send(script, this.#ready().layout.keysOf(shard), shard, args, 1)
    const durable = acked !== 0
    if (!durable) this.#notDurable(verb)
    return { value, durable }
  }

  #notDurable(verb: Undurable): void {
    this.#ready().settings.undurable(verb)
    if (this.#own.requireDurable) throw new StoreUnavailableError({ reason: 'server', mayHaveRun: true })
  }

  #send(script: Script, keys: readonly string[], shard: string, args: readonly (string | number | Buffer)[], acks?: number) {
    const { redis, deadlineMs, testClockOffset } = this.#own
    const { settings, layout } = this.#ready()
    const all = [`${testClockOffset()}`, `${settings.revocationMs}`, `${settings.policy.absoluteMs}`, shard, layout.channel] as (
      | string
      | Buffer
    )[]
    for (const arg of args) all.push(typeof arg === 'number' ? `${arg}` : arg)
    return redis.run(script, keys, all, { deadlineMs, acks })
  }
}

/** Ids come from outside, too. In a subject's hash another word is another field, such as that of its epochs. */
function isSid(sid: string): boolean {
  return /^[\w-]{22}$/.test(sid)
}

function told(client: ClientFacts): readonly [string, string] {
  const { ip, userAgent } = kept(client)
  return [ip ?? '', userAgent ?? '']
}

function epochsOf(epoch: unknown, claimsEpoch: unknown): Epochs {
  return { epoch: Number(String(epoch)), claimsEpoch: Number(String(claimsEpoch)) }
}

/** What services that share a store must have in common. */
function sharedBy({ namespace, policy, maxSessions, revocationMs }: StoreSettings): string {
  return JSON.stringify([namespace, policy, maxSessions, revocationMs])
}
