import type { Now } from '@wardstone/core'

type Action = () => void | Promise<unknown>

interface Appointment {
  readonly at: number
  readonly order: number
  readonly action: Action
}

/** A clock that jumps from one appointment to the next: three days pass as fast as their work is done. */
export class VirtualTime {
  readonly now: Now = () => this.#now
  #now: number
  #count = 0
  /** A binary heap, the next appointment first. */
  readonly #heap: Appointment[] = []

  constructor(start = Date.UTC(2030, 0, 1)) {
    this.#now = start
  }

  /** Does something after a while. */
  after(ms: number, action: Action): void {
    this.at(this.#now + ms, action)
  }

  /** Does something at a moment, or now if that is over. */
  at(moment: number, action: Action): void {
    // Whole milliseconds, like the clock that it stands for; equal moments keep their order.
    const appointment = { at: Math.max(this.#now, Math.round(moment)), order: this.#count++, action }
    let i = this.#heap.push(appointment) - 1
    while (i > 0) {
      const parent = (i - 1) >> 1
      if (!isBefore(appointment, this.#heap[parent] as Appointment)) break
      this.#heap[i] = this.#heap[parent] as Appointment
      i = parent
    }
    this.#heap[i] = appointment
  }

  /** Keeps all appointments up to a moment, one after the other. */
  async run(until: number): Promise<void> {
    while (this.#heap.length > 0 && (this.#heap[0] as Appointment).at <= until) {
      const { at, action } = this.#take()
      this.#now = at
      const pending = action()
      if (pending !== undefined) await pending
    }
    this.#now = until
  }

  #take(): Appointment {
    const first = this.#heap[0] as Appointment
    const last = this.#heap.pop() as Appointment
    const { length } = this.#heap
    if (length === 0) return first
    let i = 0
    for (;;) {
      let child = 2 * i + 1
      if (child >= length) break
      if (child + 1 < length && isBefore(this.#heap[child + 1] as Appointment, this.#heap[child] as Appointment)) child++
      if (!isBefore(this.#heap[child] as Appointment, last)) break
      this.#heap[i] = this.#heap[child] as Appointment
      i = child
    }
    this.#heap[i] = last
    return first
  }
}

function isBefore(a: Appointment, b: Appointment): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order)
}
