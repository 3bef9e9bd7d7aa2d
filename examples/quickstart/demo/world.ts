import type { FakeClock } from '@wardstone/testkit'
import type { AppEvent } from '../src/tokens.ts'
import type { Client } from './client.ts'
import type { Report, Step } from './report.ts'

/** What the chapters of the story share. */
export interface World {
  readonly report: Report
  readonly clock: FakeClock
  readonly events: EventLog
  /** Another device. */
  device(agent: string): Client
  /** The laptop of Nina, whom the story is about. */
  readonly nina: Client
}

export const NINA = { username: 'nina', email: 'nina@example.com', password: 'Plum-Tree-41-North' } as const

/** Moves the server's clock, which stands still otherwise. */
export function wait(world: World, step: Step, seconds: number): void {
  world.clock.advance(seconds * 1000)
  step.did(`clock +${seconds} s`)
}

/** Everything that the application reported, and whoever waits for more. */
export class EventLog {
  readonly #events: AppEvent[] = []
  readonly #waiting: { readonly name: AppEvent['name']; readonly call: () => void }[] = []

  /** Given to `createApp`. */
  readonly sink = (event: AppEvent): void => {
    this.#events.push(event)
    const due = this.#waiting.findIndex(({ name }) => name === event.name)
    if (due >= 0) this.#waiting.splice(due, 1)[0]?.call()
  }

  /** Calls back at the next event of this name, before the request that caused it is answered. */
  next(name: AppEvent['name'], call: () => void): void {
    this.#waiting.push({ name, call })
  }

  /** The events of this name, since they were last asked for. */
  take<N extends AppEvent['name']>(name: N): readonly Extract<AppEvent, { readonly name: N }>[] {
    const taken = this.#events.filter((event) => event.name === name) as Extract<AppEvent, { readonly name: N }>[]
    this.#events.splice(0, this.#events.length, ...this.#events.filter((event) => event.name !== name))
    return taken
  }
}
