import { randomBytes } from 'node:crypto'
import type { NewSession, Rotation, SessionStore, StoreSettings } from '@wardstone/tokens'
import { median, type Contestant } from './race.ts'
import type { Row } from './report.ts'

const MINUTE = 60_000
export const NAMESPACE = 'bench-bench-bench-be'
export const CLIENT = {
  ip: '203.0.113.77',
  userAgent: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
}

/** Lifetimes as they are by default; the clock jumps by a minute from round to round, so that every refresh rotates. */
const SETTINGS: StoreSettings = {
  namespace: NAMESPACE,
  now: () => 0,
  policy: {
    idleMs: 7 * 24 * 60 * MINUTE,
    absoluteMs: 30 * 24 * 60 * MINUTE,
    graceMs: MINUTE / 2,
    lostWindowMs: MINUTE,
    unconfirmedWindowMs: MINUTE,
    budget: 3,
  },
  maxSessions: 50,
  revocationMs: 15 * MINUTE,
  undurable: () => {},
}

type ClosingStore = SessionStore & { close(): void }

/** Sessions of as many subjects in a store, each refreshed in turn. */
export class RotationStage {
  readonly store: ClosingStore
  readonly #sessions: readonly NewSession[]
  #round = 0

  /** @param open - given the offset of the clock, which the rounds move */
  constructor(open: (testClockOffset: () => number) => ClosingStore, count: number) {
    this.store = open(() => this.#round * MINUTE)
    this.store.configure(SETTINGS)
    this.#sessions = Array.from({ length: count }, newSession)
  }

  get count(): number {
    return this.#sessions.length
  }

  /** Signs all of them in, so many at once. */
  async fill(inFlight: number): Promise<void> {
    await this.each(inFlight, (session) => this.store.create(session))
  }

  rotation(inFlight: number): Contestant {
    return {
      name: 'rotate',
      prepare: () => void this.#round++,
      run: () => this.each(inFlight, (session) => this.#rotate(session)),
    }
  }

  async latency(inFlight: number): Promise<Row> {
    const took: number[] = []
    this.#round++
    await this.each(inFlight, async (session) => {
      const before = process.hrtime.bigint()
      await this.#rotate(session)
      took.push(Number(process.hrtime.bigint() - before) / 1000)
    })
    const sorted = took.toSorted((a, b) => a - b)
    return {
      name: `${inFlight} in flight`,
      'p50 µs': median(took),
      'p99 µs': sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN,
    }
  }

  /** Does something with every session, so many at once. */
  async each(inFlight: number, act: (session: NewSession) => Promise<unknown>): Promise<number> {
    let next = 0
    const lane = async (): Promise<void> => {
      while (next < this.#sessions.length) await act(this.#sessions[next++] as NewSession)
    }
    await Promise.all(Array.from({ length: inFlight }, lane))
    return this.#sessions.length
  }

  async #rotate({ sid, shard, secretHash, kid }: NewSession): Promise<void> {
    const rotation: Rotation = { sid, shard, secretHash, kid, client: CLIENT, knownDead: false, generation: this.#round - 1 }
    const done = await this.store.rotate(rotation)
    if (!done.ok || done.kind !== 'rotated') throw new Error(`not rotated but ${done.ok ? done.kind : done.reason}`)
  }
}

function newSession(): NewSession {
  return {
    sid: randomBytes(16).toString('base64url'),
    shard: randomBytes(8).toString('base64url'),
    sub: randomBytes(16).toString('hex'),
    secretHash: randomBytes(32),
    kid: 'AbCdEfGh',
    authTime: undefined,
    expectedEpoch: undefined,
    client: CLIENT,
  }
}
