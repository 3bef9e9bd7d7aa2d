import type { AppEvent } from '../src/tokens.ts'

/** Everything that the application reported, and whoever waits for more. */
export class EventLog {
  #events: AppEvent[] = []
  #waiting: { readonly name: AppEvent['name']; readonly call: () => void } | undefined

  /** Given to `createApp`. */
  readonly sink = (event: AppEvent): void => {
    this.#events.push(event)
    if (this.#waiting?.name !== event.name) return
    const { call } = this.#waiting
    this.#waiting = undefined
    call()
  }

  /** Calls back at the next event of this name, before the request that caused it is answered. */
  next(name: AppEvent['name'], call: () => void): void {
    this.#waiting = { name, call }
  }

  /** The events of this name since they were last taken. */
  take<N extends AppEvent['name']>(name: N): readonly Extract<AppEvent, { readonly name: N }>[] {
    const taken = this.#events.filter((event) => event.name === name)
    this.#events = this.#events.filter((event) => event.name !== name)
    return taken as Extract<AppEvent, { readonly name: N }>[]
  }
}
