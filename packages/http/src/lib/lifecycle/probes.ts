import type { Endpoint, Reply } from '../decision.ts'
import { jsonReply } from '../json.ts'
import type { HealthCheck, Verdict } from './check.ts'

/**
 * Where the application is in its life, as probes tell it.
 *
 * - `starting`: `started()` was not called yet.
 * - `serving`: It is ready if its checks are.
 * - `stopping`: It ends, by a signal or after a crash.
 */
export type LifecycleState = 'starting' | 'serving' | 'stopping'

/** What orchestrators and load balancers ask. */
export interface Probes {
  readonly live: Endpoint
  readonly ready: Endpoint
  readonly startup: Endpoint
}

/** Makes the endpoints. Bodies name checks and verdicts, and nothing of an error. */
export function makeProbes(checks: readonly HealthCheck[], state: () => LifecycleState): Probes {
  return {
    // That this runs is the answer. A check here would let one slow database restart every instance at once.
    live: () => answer(200, 'ok'),
    startup: () => (state() === 'starting' ? answer(503, 'starting') : answer(200, 'ok')),
    async ready() {
      if (state() !== 'serving') return answer(503, state())
      const verdicts = await Promise.all(checks.map(async (check) => check.verdict()))
      // It may have begun to end while they were asked.
      if (state() !== 'serving') return answer(503, state())
      const down = checks.filter((_, at) => verdicts[at] === 'down')
      const said = Object.fromEntries(checks.map(({ name }, at) => [name, verdicts[at] as Verdict]))
      if (down.some(({ critical }) => critical)) return answer(503, 'failing', said)
      return answer(200, down.length > 0 ? 'degraded' : 'ok', said)
    },
  }
}

function answer(httpStatus: number, status: string, checks?: Readonly<Record<string, Verdict>>): Reply {
  return jsonReply(httpStatus, { status, ...(checks && { checks }) }, [['cache-control', 'no-store']])
}
