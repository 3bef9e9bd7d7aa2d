import { setTimeout as pause } from 'node:timers/promises'
import { random, type Random } from '../random.ts'
import { Session } from './session.ts'
import { rob } from './thief.ts'
import { HABITS } from './times.ts'
import type { World } from './world.ts'

/** Somebody who signs in, reads for a while, and signs out or goes away; some have a second device, some are robbed. */
export class Person {
  readonly sub: string
  readonly #world: World
  readonly #random: Random

  constructor(world: World, seed: number) {
    this.#world = world
    this.sub = `person ${seed}`
    this.#random = random(seed)
  }

  async live(): Promise<void> {
    const { endsAt } = this.#world
    await pause(this.#random.between(0, HABITS.visit / 2))
    while (Date.now() < endsAt) {
      const session = await this.#signIn()
      if (session === undefined) return
      if (this.#random.chance(HABITS.robbed)) {
        this.#world.tasks.push(rob(this.#world, session, this.#random.next()))
        await this.#use(session)
      } else if (this.#random.chance(HABITS.withSecondDevice)) {
        // Nobody signs in while all sessions are being ended: whether that one counts would be a matter of luck.
        await Promise.all([this.#use(session), this.#secondDevice(session)])
      } else await this.#use(session)
    }
  }

  async #signIn(): Promise<Session | undefined> {
    const { calls, endsAt, sessions } = this.#world
    for (let failures = 0; Date.now() < endsAt;) {
      const call = this.#world.callName()
      const { cookie, access } = await calls.to(this.#world.anyProcess(this.#random), '/login', { call, sub: this.sub })
      if (cookie !== undefined && access !== undefined) {
        const session = new Session(this.sub, call, { cookie, access })
        sessions.push(session)
        this.#read(session)
        return session
      }
      await this.#world.afterFailure(++failures, this.#random)
    }
    return undefined
  }

  /** Until the session is over, or the run. */
  async #use(session: Session): Promise<void> {
    const { endsAt, drainsAt } = this.#world
    let leavesAt = Date.now() + this.#random.exponential(HABITS.visit)
    const left = (): number => (session.isContested && session.apart ? drainsAt : endsAt) - Date.now()
    while (!session.isOver && left() > 0) {
      await pause(Math.min(this.#random.exponential(HABITS.betweenClicks), left()))
      if (session.isOver) return
      if (Date.now() > leavesAt && session.stolenAt === undefined && Date.now() < endsAt) {
        if (this.#random.chance(0.6)) return this.#signOut(session)
        await pause(Math.min(this.#random.exponential(HABITS.betweenClicks), left())) // a closed laptop
        leavesAt = Date.now() + this.#random.exponential(HABITS.visit)
        await this.#refresh(session)
      } else if (this.#random.chance(HABITS.loads) || Date.now() >= Math.min(session.access.expiresAt, endsAt))
        await this.#refresh(session)
      else this.#read(session)
    }
  }

  /** Tabs share one jar. */
  async #refresh(session: Session): Promise<void> {
    const processes = this.#world.calls.ports.length
    const first = this.#world.anyProcess(this.#random)
    const second = (first + 1 + Math.floor(this.#random.next() * (processes - 1))) % processes
    const tabs = this.#random.chance(HABITS.doubled) ? [first, second] : [first]
    await Promise.all(tabs.map((process) => this.#ask(session, process)))
  }

  /** Asks until there is an answer: whatever fails leaves the cookie where it is. */
  async #ask(session: Session, first: number): Promise<void> {
    const { calls, waits, drainsAt } = this.#world
    let process = first
    let failedAt: number | undefined
    for (let failures = 0; !session.isOver && Date.now() < drainsAt;) {
      await this.#world.way(this.#random)
      while (session.apart && session.thief.isNear) await pause(50)
      const answer = await session.owner.ask(() => calls.to(process, '/refresh', { cookie: session.cookie }))
      if (answer.cookie !== undefined && answer.access !== undefined) session.note(answer.access.generation, answer.cookie)
      if (this.#random.chance(HABITS.lost)) {
        failedAt = undefined
        await pause(this.#lostFor())
      } else if (answer.status === 200 || answer.status === 401) {
        await this.#world.way(this.#random)
        if (failedAt !== undefined) waits.push(Date.now() - failedAt)
        if (answer.status === 401) session.refusedAt ??= answer.doneAt
        else {
          session.arrived(answer)
          if (this.#random.chance(0.98)) this.#read(session)
        }
        return
      } else {
        failedAt ??= answer.sentAt
        await this.#world.afterFailure(++failures, this.#random)
      }
      process = this.#world.anyProcess(this.#random)
    }
  }

  /** What comes back after hours comes back for the last word of the run. */
  #lostFor(): number {
    const { firstPause: second, longestPause: minute } = HABITS
    const late = this.#random.chance(HABITS.lostLate)
    const wait = late ? this.#random.between(2 * minute, 8 * minute) : this.#random.between(second, 10 * second)
    return Math.min(wait, Math.max(second, this.#world.endsAt - Date.now()))
  }

  /** A call of the API, which confirms. Nobody waits for it. */
  #read(session: Session): void {
    this.#world.tasks.push(this.#call(session))
  }

  async #call(session: Session): Promise<void> {
    await pause(this.#random.between(0, 10))
    const { token, expiresAt } = session.access
    const { status, sentAt, doneAt } = await this.#world.calls.to(this.#world.anyProcess(this.#random), '/me', { access: token })
    const excused = session.stolenAt !== undefined || session.endAskedAt !== undefined || doneAt >= expiresAt
    if (status === 401 && !excused) session.accessRefusedAt ??= sentAt
  }

  async #signOut(session: Session): Promise<void> {
    const { calls } = this.#world
    const call = this.#world.callName()
    session.endAskedAt = Date.now()
    const { cookie, access } = session
    const answer = await calls.to(this.#world.anyProcess(this.#random), '/logout', { call, cookie, access: access.token })
    if (answer.status === 204) this.#world.watch('logout', call, session, answer)
    else this.#world.endingsFailed++
  }

  /** Signs in elsewhere, and ends all sessions from there while the first device goes on. */
  async #secondDevice(first: Session): Promise<void> {
    const { calls } = this.#world
    const second = await this.#signIn()
    if (second === undefined) return
    await pause(this.#random.between(500, 5000))
    const call = this.#world.callName()
    const access = second.access.token
    const both = [first, second].filter((session) => session.endAskedAt === undefined)
    for (const session of both) session.endAskedAt = Date.now()
    const answer = await calls.to(this.#world.anyProcess(this.#random), '/logout-all', { call, access })
    if (answer.status !== 204) this.#world.endingsFailed++
    else for (const session of both) this.#world.watch('everywhere', call, session, answer)
  }
}
