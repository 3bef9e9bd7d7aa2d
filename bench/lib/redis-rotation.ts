import { randomBytes } from 'node:crypto'
import { createRedis, type RedisConnection } from '@wardstone/redis'
import { startRedis, type RedisServer } from '@wardstone/testkit/servers'
import type { NewSession, Rotation, SessionStore } from '@wardstone/tokens'
import { redisStore } from '@wardstone/tokens/redis'
import { Redis } from 'ioredis'
import { median, race, type Contestant } from './race.ts'
import type { AreaReport, BenchOptions, Row } from './report.ts'

const MINUTE = 60_000
const NAMESPACE = 'bench'
/** Answers at once: what is left is the way there and back. */
const EMPTY = 'return 1'

/** A refresh in Redis beside the shortest round trip with the same keys and arguments, on a server of its own. */
export async function redisRotation({ quick }: BenchOptions): Promise<Pick<AreaReport, 'ratios' | 'tables'>> {
  const server = await startRedis()
  const stage = await Stage.open(server, quick ? 500 : 2000)
  try {
    const contestants = [stage.roundTrip(64), stage.rotation(64)]
    const ratioOf = (run: { timing(name: string): { wallUs: number } }): number =>
      run.timing('round trip').wallUs / run.timing('rotate').wallUs
    const run = await race(contestants, (soFar) => ratioOf(soFar) >= 0.6)
    const rows: Row[] = contestants.map(({ name }) => ({
      name,
      'ops/s': 1e6 / run.timing(name).wallUs,
      'µs CPU': run.timing(name).cpuUs,
    }))
    const latencies: Row[] = []
    for (const inFlight of [1, 32, 256]) latencies.push(await stage.latency(inFlight))
    const bytes = await stage.bytesPerSession()
    return {
      ratios: { rotate_redis_vs_roundtrip: ratioOf(run) },
      tables: [
        { title: 'refresh of a session in Redis, 64 in flight', rows },
        { title: 'refresh of a session in Redis', rows: latencies },
        { title: 'memory in Redis', rows: [{ name: 'a subject with one session', bytes }] },
      ],
    }
  } finally {
    stage.close()
    await server.stop()
  }
}

/** Sessions of as many subjects, each refreshed in turn; the clock jumps so that every refresh rotates. */
class Stage {
  readonly #client: Redis
  readonly #redis: RedisConnection
  readonly #store: SessionStore & { close(): void }
  readonly #sessions: readonly NewSession[]
  #round = 0

  private constructor(client: Redis, sessions: readonly NewSession[]) {
    this.#client = client
    this.#sessions = sessions
    this.#redis = createRedis({ client })
    this.#store = redisStore({ redis: this.#redis, testClockOffset: () => this.#round * MINUTE })
    this.#store.configure({
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
    })
  }

  static async open({ url }: RedisServer, count: number): Promise<Stage> {
    const client = new Redis(url, { enableOfflineQueue: false, maxRetriesPerRequest: 1 })
    await new Promise((resolve) => client.once('ready', resolve))
    const stage = new Stage(client, Array.from({ length: count }, newSession))
    for (const session of stage.#sessions) await stage.#store.create(session)
    return stage
  }

  rotation(inFlight: number): Contestant {
    return {
      name: 'rotate',
      prepare: () => void this.#round++,
      run: () => this.#each(inFlight, (session) => this.#rotate(session)),
    }
  }

  roundTrip(inFlight: number): Contestant {
    let sha = ''
    return {
      name: 'round trip',
      prepare: async () => void (sha = String(await this.#client.script('LOAD', EMPTY))),
      run: () =>
        this.#each(inFlight, ({ sid, shard, secretHash }) =>
          this.#client.evalsha(sha, 4, ...sameKeys(shard), ...sameArgs(sid, shard, secretHash)),
        ),
    }
  }

  async latency(inFlight: number): Promise<Row> {
    const took: number[] = []
    this.#round++
    await this.#each(inFlight, async (session) => {
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

  async bytesPerSession(): Promise<number> {
    const keys = await this.#client.keys('*:s:*')
    const sizes = await Promise.all(keys.slice(0, 200).map(async (key) => Number(await this.#client.memory('USAGE', key))))
    return median(sizes)
  }

  close(): void {
    this.#store.close()
    this.#redis.close()
    this.#client.disconnect()
  }

  async #rotate({ sid, shard, secretHash, kid }: NewSession): Promise<void> {
    const rotation: Rotation = { sid, shard, secretHash, kid, client: CLIENT, knownDead: false, generation: this.#round - 1 }
    const done = await this.#store.rotate(rotation)
    if (!done.ok || done.kind !== 'rotated') throw new Error(`not rotated but ${done.ok ? done.kind : done.reason}`)
  }

  async #each(inFlight: number, act: (session: NewSession) => Promise<unknown>): Promise<number> {
    let next = 0
    const lane = async (): Promise<void> => {
      while (next < this.#sessions.length) await act(this.#sessions[next++] as NewSession)
    }
    await Promise.all(Array.from({ length: inFlight }, lane))
    return this.#sessions.length
  }
}

const CLIENT = { ip: '203.0.113.77', userAgent: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0' }

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

/** Of the same number and length as those of a rotation. */
function sameKeys(shard: string): readonly string[] {
  const tag = `ws:tokens:v1:${NAMESPACE}:{b7}:`
  return [`${tag}s:${shard}`, `${tag}everyone`, `${tag}highest`, `${tag}revoked`]
}

function sameArgs(sid: string, shard: string, hash: Buffer): readonly (string | Buffer)[] {
  const common = ['60000', '900000', '2592000000', shard, 'ws:tokens:v1:bench:revoked']
  return [...common, sid, hash, '7', 'AbCdEfGh', '0', CLIENT.ip, CLIENT.userAgent, '604800000', '30000', '60000', '60000', '3']
}
