import type { Browser, World } from './browser.ts'
import { random, type Random } from './random.ts'

/** How a thief goes about it. */
export interface Manner {
  /** How long he keeps the token before its first use, at most. */
  readonly waitsUpToMs: number
  /** Whether he uses the access tokens, and not only refreshes. */
  readonly uses: boolean
  /** Refreshes this long before each refresh of his victim, instead of in his own time. */
  readonly stepMs?: number
}

/** Somebody who copied the refresh token out of a browser, once. */
export class Thief {
  /** When he did, if there was one. */
  stoleAt: number | undefined
  readonly refreshedAt: number[] = []
  readonly #world: World
  readonly #victim: Browser
  readonly #manner: Manner
  readonly #random: Random
  #token = ''
  #refused = false

  constructor(world: World, victim: Browser, manner: Manner, seed: number) {
    this.#world = world
    this.#victim = victim
    this.#manner = manner
    this.#random = random(seed)
  }

  /** Copies the token, if the session is still there. */
  steal(): void {
    const { time } = this.#world
    const { cookie, signedOut } = this.#victim
    if (cookie === undefined || signedOut) return
    this.stoleAt = time.now()
    this.#token = cookie
    const { stepMs, waitsUpToMs } = this.#manner
    if (stepMs === undefined) {
      // Sooner more often than later: who steals a token knows that it does not keep.
      time.after(this.#random.next() ** 2 * waitsUpToMs, () => this.#refresh())
      return
    }
    const keepStep = (): void => time.at(this.#victim.refreshesAt - stepMs, () => this.#refresh())
    this.#victim.onPlanned = keepStep
    if (this.#victim.refreshesAt > time.now()) keepStep()
  }

  async #refresh(): Promise<void> {
    const { time, tokens, confirms } = this.#world
    if (this.#refused) return
    this.refreshedAt.push(time.now())
    const result = await tokens.refresh(this.#token)
    if (!result.ok) {
      this.#refused = true
      return
    }
    this.#token = result.refreshToken
    if (this.#manner.uses) time.after(SECOND, () => void tokens.verify(result.accessToken, { confirm: confirms }))
    if (this.#manner.stepMs === undefined) time.after(ACCESS_TTL + this.#random.between(0, 60 * SECOND), () => this.#refresh())
  }
}

const SECOND = 1000
const ACCESS_TTL = 15 * 60 * SECOND
