import { equal } from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import type { NewSession, Rotated, Rotation, SessionStore, StoreSettings } from '@wardstone/tokens'
import { Heard } from './heard.ts'
import { MAXIMUM, MINUTE, POLICY, REVOCATION_MS, type SessionStage } from './stage.ts'

/** Two processes of one issuer over a stage, and what its clients would do. */
export class Play {
  readonly stage: SessionStage
  readonly namespace: string
  readonly a: SessionStore
  readonly b: SessionStore
  readonly #settings: StoreSettings
  readonly #margin: number

  private constructor(stage: SessionStage, settings: StoreSettings, a: SessionStore, b: SessionStore) {
    this.stage = stage
    this.namespace = settings.namespace
    this.a = a
    this.b = b
    this.#settings = settings
    this.#margin = stage.ticks === true ? MINUTE : 1
  }

  static async on(stage: SessionStage): Promise<Play> {
    const settings: StoreSettings = {
      namespace: randomBytes(6).toString('base64url'),
      now: stage.clock.now,
      policy: POLICY,
      maxSessions: MAXIMUM,
      revocationMs: REVOCATION_MS,
      undurable: () => {},
    }
    return new Play(stage, settings, await stage.open(settings), await stage.open(settings))
  }

  /** Another process of this issuer. */
  async another(changes: Partial<StoreSettings> = {}): Promise<SessionStore> {
    return this.stage.open({ ...this.#settings, ...changes })
  }

  /** What a store calls a subject: 8 bytes, another name for another issuer. */
  shard(sub = 'ana'): string {
    return createHash('sha256').update(`${this.namespace} ${sub}`).digest().toString('base64url', 0, 8)
  }

  session(sub = 'ana', changes: Partial<NewSession> = {}): NewSession {
    return {
      sid: randomBytes(16).toString('base64url'),
      shard: this.shard(sub),
      sub,
      secretHash: randomBytes(32),
      kid: 'one',
      authTime: undefined,
      expectedEpoch: undefined,
      client: { ip: '192.0.2.1', userAgent: 'first' },
      ...changes,
    }
  }

  /** Signs in, or fails the case. */
  async begin(sub = 'ana', changes: Partial<NewSession> = {}): Promise<NewSession> {
    const session = this.session(sub, changes)
    equal((await this.a.create(session)).ok, true, 'the session did not begin')
    return session
  }

  /** Presents the token of a generation. */
  async rotate(session: NewSession, generation: number, changes: Partial<Rotation> = {}, store = this.a): Promise<Rotated> {
    const { sid, shard, secretHash } = session
    return store.rotate({ sid, shard, secretHash, generation, kid: 'one', client: {}, knownDead: false, ...changes })
  }

  /** The same in a word. */
  async outcome(session: NewSession, generation: number, changes?: Partial<Rotation>, store?: SessionStore): Promise<string> {
    return wordOf(await this.rotate(session, generation, changes, store))
  }

  /** Refreshes so often, each time after the grace, confirming if it is asked to. Answers the generation. */
  async renew(session: NewSession, from: number, times = 1, { confirm = false } = {}): Promise<number> {
    for (let generation = from; generation < from + times; generation++) {
      this.pass(POLICY.graceMs)
      equal(await this.outcome(session, generation), 'rotated')
      if (confirm) await this.a.confirm(session.shard, session.sid, generation + 1)
    }
    return from + times
  }

  /** The sessions of a subject as another process sees them. */
  async sids(sub = 'ana', store = this.b): Promise<readonly string[]> {
    return (await store.list(this.shard(sub))).map(({ sid }) => sid)
  }

  /** The other process hears of revocations from here on. */
  hear(store = this.b): Heard {
    return new Heard(store.revocations)
  }

  pass(ms: number): void {
    this.stage.clock.advance(ms)
  }

  /** Stops short of a moment, by as much as this stage's clock lets us. */
  almost(ms: number): void {
    this.pass(ms - this.#margin)
  }

  /** And now to that moment. */
  reach(): void {
    this.pass(this.#margin)
  }

  /** Two verbs at once, several times: in both orders, whatever comes of that. */
  async both<A, B>(round: number, first: () => Promise<A>, second: () => Promise<B>): Promise<readonly [first: A, second: B]> {
    const answers: { first?: A; second?: B } = {}
    const runs = [async () => void (answers.first = await first()), async () => void (answers.second = await second())] as const
    const interleave = this.stage.interleave?.bind(this.stage) ?? atOnce
    await interleave(round % 2 === 0 ? runs : [runs[1], runs[0]])
    return [answers.first as A, answers.second as B]
  }
}

/** How often two verbs are let loose on each other. */
export const ROUNDS: readonly number[] = [0, 1, 2, 3, 4, 5]

/** What a refresh did, or why it was refused. */
export function wordOf(rotated: Rotated): string {
  return rotated.ok ? rotated.kind : rotated.reason
}

async function atOnce(verbs: readonly [() => Promise<void>, () => Promise<void>]): Promise<void> {
  await Promise.all(verbs.map((verb) => verb()))
}
