import { startPostgres } from '@wardstone/testkit/servers'
import { migratePostgres, postgresStore } from '@wardstone/tokens/postgres'
import pg from 'pg'
import { race, type Contestant } from './race.ts'
import type { AreaReport, BenchOptions, Row } from './report.ts'
import { NAMESPACE, RotationStage } from './rotation-stage.ts'

const POOL = 16

/** A refresh in PostgreSQL beside the shortest write of the same row over the same pool, on a server of its own. */
export async function postgresRotation({ quick }: BenchOptions): Promise<Pick<AreaReport, 'ratios' | 'tables'>> {
  const server = await startPostgres()
  const pool = new pg.Pool({ connectionString: server.url, max: POOL })
  pool.on('error', () => {}) // the server stops before the last connection has gone
  await migratePostgres(pool)
  const stage = new RotationStage(
    (testClockOffset) => postgresStore({ sql: pool, deadline: '30s', testClockOffset }),
    quick ? 500 : 2000,
  )
  try {
    await stage.fill(POOL)
    await pool.query('vacuum analyze')
    const contestants = [update(pool, stage), stage.rotation(64)]
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
    const bytes = await bytesPerSession(pool, stage.count)
    return {
      ratios: { rotate_pg_vs_update: ratioOf(run) },
      tables: [
        { title: `refresh of a session in PostgreSQL, 64 in flight over ${POOL} connections`, rows },
        { title: 'refresh of a session in PostgreSQL', rows: latencies },
        { title: 'space in PostgreSQL', rows: [{ name: 'a subject with one session, indexes included', bytes }] },
      ],
    }
  } finally {
    stage.store.close()
    await pool.end()
    await server.stop()
  }
}

/** Of the same row, which comes back as a refresh has it. It changes nothing that a refresh would miss. */
function update(pool: pg.Pool, stage: RotationStage): Contestant {
  const text = 'update wardstone.token_family set emitted_at = emitted_at where namespace = $1 and sid = $2 returning *'
  return { name: 'update', run: () => stage.each(64, ({ sid }) => pool.query(text, [NAMESPACE, sid])) }
}

async function bytesPerSession(pool: pg.Pool, count: number): Promise<number> {
  await pool.query('vacuum full wardstone.token_family, wardstone.token_subject')
  const size = `pg_total_relation_size('wardstone.token_family') + pg_total_relation_size('wardstone.token_subject')`
  const { rows } = await pool.query<{ size: string }>(`select ${size} as size`)
  return Number(rows[0]?.size) / count
}
