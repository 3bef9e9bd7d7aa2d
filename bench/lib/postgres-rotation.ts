import { randomBytes } from 'node:crypto'
import { startPostgres } from '@wardstone/testkit/servers'
import type { NewSession, Rotation } from '@wardstone/tokens'
import { migratePostgres, postgresStore, type PostgresSessionStore } from '@wardstone/tokens/postgres'
import pg from 'pg'
import { median, race, type Contestant } from './race.ts'
import type { AreaReport, BenchOptions, Row } from './report.ts'

const MINUTE = 60_000
const NAMESPACE = 'bench-bench-bench-be'
const POOL = 16

/** A refresh in PostgreSQL beside the shortest write of the same row over the same pool, on a server of its own. */
export async function postgresRotation({ quick }: BenchOptions): Promise<Pick<AreaReport, 'ratios' | 'tables'>> {
  const server = await startPostgres()
  const pool = new pg.Pool({ connectionString: server.url, max: POOL })
  pool.on('error', () => {}) // the server stops before the last connection has gone
  const stage = await Stage.open(pool, quick ? 500 : 2000)
  try {
    const contestants = [stage.update(64), stage.rotation(64)]
    const ratioOf = (run: { timing(name: string): { wallUs: number } }): number =>
      run.timing('update').wallUs / run.timing('rotate').wallUs
    const run = await race(contestants, (soFar) => ratioOf(soFar) >= 0.7)
    const rows: Row[] = contestants.map(({ name }) => ({
      name,
      'ops/s': 1e6 / run.timing(name).wallUs,
      'µs CPU': run.timing(name).cpuUs,
    }))
    const latencies: Row[] = []
    for (const inFlight of [1, 32, 256]) latencies.push(await stage.latency(inFlight))
    return {
      ratios: { rotate_pg_vs_update: ratioOf(run) },
      tables: [
        { title: `refresh of a session in PostgreSQL, 64 in flight over ${POOL} connections`, rows },
        { title: 'refresh of a session in PostgreSQL', rows: latencies },
        {
          title: 'space in PostgreSQL',
          rows: [{ name: 'a subject with one session, indexes included', bytes: await stage.bytesPerSession() }],
        },
      ],
    }
  } finally {
    stage.close()
    await pool.end()
    await server.stop()
  }
}

/** Sessions of as many subjects, each refreshed in turn; the clock jumps so that every refresh rotates. */
class Stage {
  readonly #pool: pg.Pool
  readonly #store: PostgresSessionStore
  readonly #sessions: readonly NewSession[]
  #round = 0

  private constructor(pool: pg.Pool, sessions: readonly NewSession[]) {
    this.#pool = pool
    this.#sessions = sessions
    this.#store = postgresStore({ sql: pool, deadline: '30s', testClockOffset: () => this.#round * MINUTE })
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

  static async open(pool: pg.Pool, count: number): Promise<Stage> {
    await migratePostgres(pool)
    const stage = new Stage(pool, Array.from({ length: count }, newSession))
    await stage.#each(POOL, (session) => stage.#store.create(session))
    await pool.query('vacuum analyze')
    return stage
  }

  rotation(inFlight: number): Contestant {
    return {
      name: 'rotate',
      prepare: () => void this.#round++,
      run: () => this.#each(inFlight, (session) => this.#rotate(session)),
    }
  }

  /** Of the same row, which comes back as a refresh has it. It changes nothing that a refresh would miss. */
  update(inFlight: number): Contestant {
    const text = 'update wardstone.token_family set emitted_at = emitted_at where namespace = $1 and sid = $2 returning *'
    return {
      name: 'update',
      run: () => this.#each(inFlight, ({ sid }) => this.#pool.query(text, [NAMESPACE, sid])),
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
    await this.#pool.query('vacuum full wardstone.token_family, wardstone.token_subject')
    const size = `pg_total_relation_size('wardstone.token_family') + pg_total_relation_size('wardstone.token_subject')`
    const { rows } = await this.#pool.query<{ size: string }>(`select ${size} as size`)
    return Number(rows[0]?.size) / this.#sessions.length
  }

  close(): void {
    this.#store.close()
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
