import { setTimeout as pause } from 'node:timers/promises'
import { random, type Random } from '../random.ts'
import type { Answer, Calls } from './calls.ts'
import type { Session } from './session.ts'
import { HABITS, TIMES, type Conditions } from './times.ts'

/** An end of sessions that was asked for and answered with a yes, and what became of their tokens. */
export interface Ending {
  readonly kind: 'logout' | 'everywhere' | 'theft'
  /** The call, by which its process reports whether it was durable. */
  readonly call: string
  readonly session: Session
  polls: number
  /** Accepted at once, as is allowed. */
  early: number
  /** Accepted after the stated staleness. */
  readonly late: string[]
  /** A refresh with its cookie was answered with tokens. */
  renewed: boolean
}

/** All that happens outside the processes. */
export class World {
  readonly calls: Calls
  readonly sessions: Session[] = []
  readonly endings: Ending[] = []
  /** Ends that were answered with a failure: nobody knows. */
  endingsFailed = 0
  /** How long somebody waited for tokens, for each time that an answer was a failure. */
  readonly waits: number[] = []
  /** What goes on by itself. */
  readonly tasks: Promise<void>[] = []
  readonly begunAt = Date.now()
  readonly endsAt: number
  /** Until then thieves who keep apart and their victims go on, if they must. */
  readonly drainsAt: number
  #calls = 0

  constructor(calls: Calls, { seconds }: Conditions) {
    this.calls = calls
    this.endsAt = this.begunAt + seconds * 1000
    this.drainsAt = this.endsAt + 10_000
  }

  callName(): string {
    return `call ${++this.#calls}`
  }

  anyProcess(chance: Random): number {
    return Math.floor(chance.next() * this.calls.ports.length)
  }

  /** One way, to the server or back. */
  async way(chance: Random): Promise<void> {
    if (chance.chance(HABITS.delayed)) await pause(chance.between(0, HABITS.delayedUpTo))
  }

  /** As our client for browsers leaves a server alone that has failed so many times in a row. */
  async afterFailure(failures: number, chance: Random): Promise<void> {
    await pause(Math.min(HABITS.longestPause, HABITS.firstPause * 2 ** (failures - 1)) * (1 + chance.next() / 2))
  }

  /** Watches what becomes of the tokens of a session that has just ended. */
  watch(kind: Ending['kind'], call: string, session: Session, ended: Answer): void {
    const ending: Ending = { kind, call, session, polls: 0, early: 0, late: [], renewed: false }
    this.endings.push(ending)
    this.tasks.push(this.#watch(ending, ended.doneAt))
  }

  async #watch(ending: Ending, endedAt: number): Promise<void> {
    const { session } = ending
    const { access, cookie } = session
    ending.early = (await this.#accepted(access.token)).length
    // Presented by a thief this would be a reuse; after a sign-out it is somebody who is too late.
    if (ending.kind !== 'theft') {
      const { status } = await this.calls.to(this.anyProcess(random(endedAt)), '/refresh', { cookie })
      ending.renewed = status === 200
    }
    for (const afterMs of [0, 500, 1000]) {
      const at = endedAt + TIMES.maxStaleness + afterMs
      await pause(Math.max(0, at - Date.now()))
      if (Date.now() >= access.expiresAt) return
      const accepted = await this.#accepted(access.token)
      ending.polls += this.calls.ports.length
      ending.late.push(...accepted.map((process) => `process ${process}, ${Date.now() - endedAt} ms after`))
    }
  }

  /** The processes that accept an access token. */
  async #accepted(token: string): Promise<readonly number[]> {
    const statuses = await Promise.all(
      this.calls.ports.map(async (_, process) => (await this.calls.to(process, '/me', { access: token })).status),
    )
    return statuses.flatMap((status, process) => (status === 200 ? process : []))
  }
}
