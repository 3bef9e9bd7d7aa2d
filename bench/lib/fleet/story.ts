import type { TokenEvent } from '@wardstone/tokens'
import type { Session } from './session.ts'
import type { World } from './world.ts'

/** An event, and which process has told of it. */
export type Told = TokenEvent & { readonly process: number }

/** All that is known of a session, in order. */
export function storyOf(what: string, session: Session, { begunAt }: World, events: readonly Told[]): string {
  const { sid, call, owner, thief, stolenAt, endAskedAt, refusedAt, accessRefusedAt } = session
  const when = (at: number): string => `${((at - begunAt) / 1000).toFixed(3)} s`
  const lines: (readonly [at: number, what: string])[] = [
    ...events
      .filter((one) => one.sid === sid)
      .map((e) => [e.at, `process ${e.process}: ${e.name} ${JSON.stringify(e.data)}`] as const),
    ...owner.asked.map(({ from, to, ok }) => [from, `owner asks, ${ok ? 'ok' : 'not ok'} after ${to - from} ms`] as const),
    ...thief.asked.map(({ from, to, ok }) => [from, `thief asks, ${ok ? 'ok' : 'not ok'} after ${to - from} ms`] as const),
    ...Object.entries({ stolenAt, endAskedAt, refusedAt, accessRefusedAt }).flatMap(([name, at]) =>
      at === undefined ? [] : [[at, name] as const],
    ),
  ]
  const told = lines.toSorted(([a], [b]) => a - b).map(([at, line]) => `  ${when(at)} ${line}`)
  return [`${what}: session ${sid} of ${session.sub}, ${call}`, ...told].join('\n')
}
