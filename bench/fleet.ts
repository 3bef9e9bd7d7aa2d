import { available } from '@wardstone/testkit/servers'
import { findingsOf } from './lib/fleet/findings.ts'
import { run } from './lib/fleet/run.ts'
import { SCALE } from './lib/fleet/times.ts'
import type { AreaReport, BenchOptions, Goal } from './lib/report.ts'

const GOALS: Readonly<Record<string, Goal>> = {
  fleet_false_logouts: { atMost: 0, kind: 'behaviour' },
  fleet_accepted_after_revocation: { atMost: 0, kind: 'behaviour' },
  fleet_thefts_detected: { atLeast: 1, kind: 'behaviour' },
  fleet_forks: { atMost: 0, kind: 'behaviour' },
}

/** Four processes on a Redis Cluster that loses a master: who is signed out without reason, who stays in, which thief is found. */
export async function fleet({ quick }: BenchOptions): Promise<AreaReport> {
  const seconds = quick ? 15 : 60
  const title = `four processes on a Redis Cluster for ${seconds} s, one master killed, all durations divided by ${SCALE}`
  if (!(await available('redis-server'))) {
    return { area: 'fleet', ratios: {}, goals: {}, tables: [{ title, rows: [{ name: 'skipped: redis-server is not here' }] }] }
  }
  const findings = findingsOf(await run({ seconds, people: 100 }))
  for (const story of findings.stories) console.error(story)
  return {
    area: 'fleet',
    ratios: {
      fleet_false_logouts: findings.falseLogouts,
      fleet_accepted_after_revocation: findings.acceptedAfterRevocation,
      fleet_thefts_detected: findings.theftsDetected,
      fleet_forks: findings.forks,
    },
    goals: GOALS,
    tables: [{ title, rows: findings.rows }],
  }
}
