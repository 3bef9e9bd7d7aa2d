import { emitter, type EventSink, type Now } from '@wardstone/core'
import type { TokenEvent } from './events.ts'

type WithoutTime<E> = E extends TokenEvent ? Omit<E, 'at'> : never

/** Reports an event of now. */
export type Report = (event: WithoutTime<TokenEvent>) => void

/** Puts the time on events and sees to it that a failing sink harms nobody. */
export function reporter(sink: EventSink<TokenEvent> | undefined, now: Now): Report {
  const emit = emitter(sink)
  return sink === undefined ? () => {} : (event) => emit({ ...event, at: now() } as TokenEvent)
}
