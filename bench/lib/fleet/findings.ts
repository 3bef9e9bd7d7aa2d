import type { Row } from '../report.ts'
import type { ProcessReport } from './report.ts'
import type { Run } from './run.ts'
import type { Asked, Session } from './session.ts'
import { storyOf, type Told } from './story.ts'
import { TIMES } from './times.ts'
import type { Ending } from './world.ts'

/** What a run has shown. */
export interface Findings {
  readonly falseLogouts: number
  readonly acceptedAfterRevocation: number
  /** The share of the thieves who kept apart from their victims; NaN where there were none. */
  readonly theftsDetected: number
  readonly forks: number
  readonly rows: readonly Row[]
  /** What happened to each session that a goal was missed by. */
  readonly stories: readonly string[]
}

/** Counts. What was not durable is counted apart: a failover may forget it. */
export function findingsOf({ world, reports, killedAt, electionMs }: Run): Findings {
  const events = reports.flatMap((report, process) => report.events.map((event) => ({ ...event, process })))
  const undurable = new Set(reports.flatMap((report) => report.undurable))
  const isDurable = ({ call }: { readonly call: string }): boolean => !undurable.has(call)
  const { sessions, endings, calls } = world

  const loggedOut = sessions.filter(isFalseLogout)
  const falseLogouts = loggedOut.filter(isDurable)
  const refused = sessions.filter(({ accessRefusedAt }) => accessRefusedAt !== undefined).filter(isDurable)
  const forked = sessions.filter(({ forks }) => forks > 0)

  const revocations = endings.filter(({ kind }) => kind !== 'theft')
  const accepted = revocations.filter(isAccepted)
  // Also where the store has lost the session: who has its refresh token ends its access tokens all the same.
  const acceptedAfter = accepted.filter(isDurable)
  const livesOn = endings.filter(({ kind }) => kind === 'theft').filter(isAccepted)
  const livesOnAfterTheft = livesOn.map(({ session }) => session).filter(isDurable)

  const foundAt = foundOf(events)
  const isFound = ({ sid }: Session): boolean => foundAt.has(sid)
  const met = sessions.filter(isDurable).filter(hasMet)
  const apart = met.filter(isApart)
  const wentOn = met.filter(({ sid, thief }) => thief.asked.some(({ from, ok }) => ok && from > (foundAt.get(sid) ?? Infinity)))

  const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0)
  const row = (name: string, count: number): Row => ({ name, count })
  const kinds = [...new Set(reports.flatMap(({ refreshed }) => Object.keys(refreshed) as Outcome[]))].toSorted()
  const staleness = reports.map((report) => report.staleness)
  const storiesOf = (what: string, some: readonly Session[]): string[] =>
    some.map((session) => storyOf(isDurable(session) ? what : `${what}, not durable`, session, world, events))
  return {
    falseLogouts: falseLogouts.length,
    acceptedAfterRevocation: acceptedAfter.length,
    theftsDetected: apart.filter(isFound).length / apart.length,
    forks: forked.length,
    rows: [
      row('calls', calls.made),
      row('sessions', sessions.length),
      row('sessions not durable', sessions.filter((session) => !isDurable(session)).length),
      row('false logouts', falseLogouts.length),
      row('false logouts, sessions not durable', loggedOut.length - falseLogouts.length),
      row('access tokens refused before their time', refused.length),
      row('sessions that forked', forked.length),
      ...kinds.map((kind) => row(`refreshes: ${kind}`, sum(reports.map(({ refreshed }) => refreshed[kind] ?? 0)))),
      row('sessions revoked', revocations.length),
      row('sessions revoked, not durably', revocations.filter((one) => !isDurable(one)).length),
      row('revocations that failed', world.endingsFailed),
      row('access tokens accepted at once after a revocation', sum(revocations.map(({ early }) => early))),
      row(`asked once more after the staleness of ${TIMES.maxStaleness} ms`, sum(revocations.map(({ polls }) => polls))),
      row('accepted after that', acceptedAfter.length),
      row('accepted after that, revoked not durably', accepted.filter((one) => !isDurable(one)).length),
      row('thieves who kept apart from their victims', apart.length),
      row('thieves who kept apart, found', apart.filter(isFound).length),
      row('thieves who may have come closer', met.length - apart.length),
      row('thieves who may have come closer, found', met.filter(isFound).length - apart.filter(isFound).length),
      row('thieves who went on after they were found', wentOn.length),
      row('accepted after a theft was found', livesOnAfterTheft.length),
      row('accepted after a theft of a session that was not durable', livesOn.length - livesOnAfterTheft.length),
      ...[...calls.failures].map(([code, count]) => row(`failures: ${code}`, count)),
      row('failures before the kill', calls.failedAt.filter((at) => at < killedAt).length),
      row('the replica was master after, ms', electionMs),
      row('the last failure came after, ms', Math.max(0, ...calls.failedAt) - killedAt),
      row('longest wait for tokens after a failure, ms', Math.max(0, ...world.waits)),
      row('longest staleness, ms', Math.max(...staleness.map(({ worst }) => worst))),
      row(
        'too stale, % of the time',
        (100 * sum(staleness.map(({ stale }) => stale))) / sum(staleness.map(({ samples }) => samples)),
      ),
    ],
    stories: [
      ...storiesOf('false logout', falseLogouts),
      ...storiesOf('access token refused', refused),
      ...storiesOf('fork', forked),
      ...storiesOf(
        'theft not found',
        apart.filter((session) => !isFound(session)),
      ),
      ...storiesOf('thief went on', wentOn),
      ...storiesOf('still accepted after a theft was found', livesOnAfterTheft),
      ...acceptedAfter.map(({ kind, call, session, renewed, late }) => {
        const what = `still accepted after ${kind}, ${call}, ${renewed ? 'refreshed' : 'not refreshed'}, ${late.join(', ')}`
        return storiesOf(what, [session]).join()
      }),
    ],
  }
}

type Outcome = keyof ProcessReport['refreshed']

/** Refused although nobody had asked for its end, and no thief had used it. */
function isFalseLogout({ refusedAt, endAskedAt, thief }: Session): boolean {
  if (refusedAt === undefined) return false
  const robbed = thief.asked.some(({ from }) => from <= refusedAt)
  return !robbed && (endAskedAt === undefined || endAskedAt > refusedAt)
}

function isAccepted({ late, renewed }: Ending): boolean {
  return late.length > 0 || renewed
}

/** Both have refreshed since: from then on there is something to find. */
function hasMet({ stolenAt, owner, thief }: Session): boolean {
  return stolenAt !== undefined && thief.asked.some(isDone) && owner.asked.some((one) => isDone(one) && one.from > stolenAt)
}

/** Whether a call has got through: to new tokens, or to a refusal. */
function isDone({ done }: Asked): boolean {
  return done
}

/** Whether thief and victim meant to leave a grace between them, and did. */
function isApart({ apart, stolenAt = 0, owner, thief }: Session): boolean {
  const victims = owner.asked.filter(({ to }) => to > stolenAt - TIMES.grace)
  const isNear = (a: Asked, b: Asked): boolean => a.from - b.to <= TIMES.grace && b.from - a.to <= TIMES.grace
  return apart && !thief.asked.some((his) => victims.some((hers) => isNear(his, hers)))
}

/** When sessions ended since a token was used twice. Where the answer to that was lost, the next one says so. */
function foundOf(events: readonly Told[]): ReadonlyMap<string, number> {
  const found = new Map<string, number>()
  for (const event of events) {
    const { name, sid, at } = event
    if (sid === undefined || (name !== 'authn_token_reuse' && name !== 'session_use_after_expire')) continue
    const { reason } = event.data as { readonly reason: string }
    if (reason !== 'reuse_detected' && reason !== 'retry_budget_spent') continue
    found.set(sid, Math.min(at, found.get(sid) ?? Number.POSITIVE_INFINITY))
  }
  return found
}
