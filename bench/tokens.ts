import type { Algorithm } from '@wardstone/tokens'
import { chainStore } from './lib/chain-store.ts'
import { issueContestants } from './lib/issue-race.ts'
import { keyRotation } from './lib/key-rotation.ts'
import { postgresRotation } from './lib/postgres-rotation.ts'
import { race, type Contestant, type Race } from './lib/race.ts'
import { redisRotation } from './lib/redis-rotation.ts'
import type { AreaReport, BenchOptions, Goal, Row, Table } from './lib/report.ts'
import { honest, thefts, type Scenario } from './lib/sessions.ts'
import type { Manner } from './lib/thief.ts'
import { materialOf } from './lib/token-material.ts'
import { coldContestants, warmContestants } from './lib/verify-race.ts'

const GOALS: Readonly<Record<string, Goal>> = {
  verify_cold_vs_jose: { atLeast: 1, kind: 'speed' },
  verify_warm_vs_fastjwt_cached: { atLeast: 2, kind: 'speed' },
  false_logouts: { atMost: 0, kind: 'behaviour' },
  thefts_detected: { atLeast: 1, kind: 'behaviour' },
  failed_during_key_rotation: { atMost: 0, kind: 'behaviour' },
  rotate_redis_vs_roundtrip: { atLeast: 0.6, kind: 'speed' },
  rotate_pg_vs_update: { atLeast: 0.7, kind: 'speed' },
}

/** Tokens and sessions: what verification costs, who is signed out without reason, and which thief is found. */
export async function tokens(options: BenchOptions): Promise<AreaReport> {
  const cold = await coldVerification(options)
  const warm = await warmVerification(options)
  const issuing = await issueContestants(['RS256', 'ES256', 'EdDSA', 'HS256'], options.quick ? 150 : 600)
  const issued = await race(issuing)
  const honestPeople = await falseLogouts(options)
  const thieves = await detections(options)
  const rotation = await keyRotations()
  const inRedis = await redisRotation(options)
  const inPostgres = await postgresRotation(options)
  return {
    area: 'tokens',
    ratios: {
      ...cold.ratios,
      ...warm.ratios,
      ...honestPeople.ratios,
      ...thieves.ratios,
      ...rotation.ratios,
      ...inRedis.ratios,
      ...inPostgres.ratios,
    },
    goals: GOALS,
    tables: [
      ...cold.tables,
      ...warm.tables,
      { title: 'issue and refresh in memory, 32 at once', rows: timed(issuing, issued) },
      ...honestPeople.tables,
      ...thieves.tables,
      ...rotation.tables,
      ...inRedis.tables,
      ...inPostgres.tables,
    ],
  }
}

type Found = Pick<AreaReport, 'ratios' | 'tables'>

/**
 * jose works on other threads and is given many tokens at once, so that it has more than one core where one is idle;
 * what is compared is the processor time of all threads.
 */
async function coldVerification({ quick }: BenchOptions): Promise<Found> {
  const ratios: number[] = []
  const tables: Table[] = []
  for (const alg of ['RS256', 'ES256', 'EdDSA', 'HS256'] satisfies Algorithm[]) {
    const contestants = coldContestants(await materialOf(alg, quick ? 300 : 2000))
    const againstJose = (run: Race): number => ratio(run, contestants, 'wardstone', 'jose', 'cpuUs')
    const compared = alg === 'RS256' || alg === 'ES256'
    const run = await race(contestants, (soFar) => !compared || againstJose(soFar) >= 1)
    if (compared) ratios.push(againstJose(run))
    tables.push({ title: `verify ${alg}, tokens never seen before`, rows: timed(contestants, run) })
  }
  return { ratios: { verify_cold_vs_jose: Math.min(...ratios) }, tables }
}

async function warmVerification({ quick }: BenchOptions): Promise<Found> {
  const contestants = warmContestants(await materialOf('RS256', quick ? 1000 : 2000), 10)
  const againstFastJwt = (run: Race): number => ratio(run, contestants, 'wardstone', 'fast-jwt', 'wallUs')
  const run = await race(contestants, (soFar) => againstFastJwt(soFar) >= 2)
  return {
    ratios: { verify_warm_vs_fastjwt_cached: againstFastJwt(run) },
    tables: [{ title: 'verify RS256, tokens seen before', rows: timed(contestants, run) }],
  }
}

async function falseLogouts({ quick }: BenchOptions): Promise<Found> {
  const sessions = 1000
  const fewer = quick ? 200 : sessions
  const rows = [
    await honest({ name: 'wardstone', sessions }),
    await honest({ name: 'wardstone, delays up to 20 s', sessions: fewer, network: { delayedUpToMs: 20_000 } }),
    await honest({ name: 'wardstone, nobody confirms', sessions: fewer, confirms: false }),
    await honest({ name: 'strict rotation', sessions: fewer, ...STRICT }),
    await honest({ name: 'grace of 60 s that forks', sessions: fewer, ...FORKING }),
  ]
  return {
    ratios: { false_logouts: rows[0]?.falseLogouts ?? Number.NaN },
    tables: [{ title: 'honest people, three days (1 % lost responses, 10 % doubled, 1 % of ways up to 3 s longer)', rows }],
  }
}

async function detections({ quick }: BenchOptions): Promise<Found> {
  const sessions = quick ? 150 : 400
  const usual: Manner = { waitsUpToMs: 6 * 3_600_000, uses: true }
  const silent: Manner = { ...usual, uses: false }
  const cases: readonly [Omit<Scenario, 'sessions'>, Manner][] = [
    [{ name: 'wardstone' }, usual],
    [{ name: 'wardstone, a thief who only refreshes' }, silent],
    [{ name: 'wardstone, nobody confirms', confirms: false }, usual],
    [{ name: 'wardstone, a thief in step, 40 s ahead' }, { ...silent, stepMs: 40_000 }],
    [{ name: 'wardstone, a thief in step, 5 s ahead' }, { ...silent, stepMs: 5000 }],
    [{ name: 'strict rotation', ...STRICT }, usual],
    [{ name: 'grace of 60 s that forks', ...FORKING }, usual],
  ]
  const rows = []
  for (const [scenario, manner] of cases) rows.push(await thefts({ ...scenario, sessions }, manner))
  return {
    ratios: { thefts_detected: rows[0]?.apartFoundInAnHour ?? Number.NaN },
    tables: [{ title: 'one stolen refresh token in each session', rows }],
  }
}

async function keyRotations(): Promise<Found> {
  const rows = [await keyRotation('wardstone: published, then signing', '5m'), await keyRotation('signing at once', '0s')]
  return {
    ratios: { failed_during_key_rotation: rows[0]?.refused ?? Number.NaN },
    tables: [{ title: 'eight key rotations, verified by services that keep the public keys for 5 minutes', rows }],
  }
}

const STRICT: Pick<Scenario, 'store'> = { store: (now) => chainStore(now, 0) }
const FORKING: Pick<Scenario, 'store'> = { store: (now) => chainStore(now, 60_000) }

/** How much more of the work one does in the same time than the best of the others whose names begin so. */
function ratio(run: Race, contestants: readonly Contestant[], ours: string, theirs: string, by: 'wallUs' | 'cpuUs'): number {
  const rivals = contestants.filter(({ name }) => name.startsWith(theirs)).map(({ name }) => run.timing(name)[by])
  return Math.min(...rivals) / run.timing(ours)[by]
}

function timed(contestants: readonly Contestant[], run: Race): Row[] {
  return contestants.map(({ name }) => {
    const { wallUs, cpuUs } = run.timing(name)
    return { name, 'ops/s': Math.round(1e6 / wallUs), µs: wallUs, 'µs CPU': cpuUs }
  })
}
