import type { Refreshed, RefreshRefused, TokenService } from '@wardstone/tokens'
import { random, type Random } from './random.ts'
import type { VirtualTime } from './virtual-time.ts'

/** What goes wrong on the way. */
export interface Network {
  /** Share of refresh responses that never arrive. */
  readonly lost: number
  /** Share of those whose client comes back only after 2 minutes to 2 hours; the others retry within seconds. */
  readonly lostLate: number
  /** Share of refreshes that a second tab sends as well, at the same time. */
  readonly doubled: number
  /** Share of ways, to the server or back, that take up to `delayedUpToMs` longer. */
  readonly delayed: number
  readonly delayedUpToMs: number
}

/** Where browsers live. */
export interface World {
  readonly time: VirtualTime
  readonly tokens: TokenService<object>
  readonly network: Network
  /** Whether using an access token confirms that it arrived. */
  readonly confirms: boolean
}

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/**
 * A person with a browser: some eight visits a day and none at night. Every page load refreshes, and so does every click
 * once the access token has expired. All tabs share one cookie jar, which keeps what arrived last; nothing takes turns.
 */
export class Browser {
  /** The refresh token in the jar. */
  cookie: string | undefined
  sid = ''
  /** Whether the server refused the cookie: the person sees the sign-in page. */
  signedOut = false
  /** When its refreshes reached the server. */
  readonly refreshedAt: number[] = []
  /** When it will refresh next, as far as it knows, for a thief who watches. */
  refreshesAt = 0
  /** Called whenever that is known. */
  onPlanned: (() => void) | undefined
  readonly #world: World
  readonly #random: Random
  readonly #dayOffset: number
  #access: { readonly token: string; readonly expiresAt: number } | undefined
  #visitEnd = 0
  /** Away since a response was lost. */
  #awayUntil = 0

  constructor(world: World, seed: number) {
    this.#world = world
    this.#random = random(seed)
    this.#dayOffset = this.#random.between(0, DAY)
  }

  /** Signs in, and goes on from there. */
  async signIn(sub: string): Promise<void> {
    const { tokens, time } = this.#world
    const issued = await tokens.issue({ sub })
    if (!issued.ok) throw new Error(`no session: ${issued.code}`)
    this.sid = issued.sid
    this.#visitEnd = time.now() + this.#random.exponential(35 * MINUTE)
    time.after(this.#way(), () => {
      this.cookie = issued.refreshToken
      this.#take(issued)
    })
    this.#planNext()
  }

  #planNext(): void {
    const { time } = this.#world
    const now = time.now()
    let at = now + this.#random.exponential(4 * MINUTE)
    let loads = this.#random.chance(0.45)
    if (at > this.#visitEnd) {
      at = this.#afterNight(now + this.#random.exponential(90 * MINUTE))
      this.#visitEnd = at + this.#random.exponential(35 * MINUTE)
      loads = true
    }
    if (loads || this.#isExpired(at)) {
      this.refreshesAt = at
      this.onPlanned?.()
    }
    time.at(at, () => {
      if (this.signedOut) return
      if (time.now() >= this.#awayUntil) {
        if (loads || this.#isExpired(time.now())) this.#refresh()
        else this.#use()
      }
      this.#planNext()
    })
  }

  #afterNight(at: number): number {
    const timeOfDay = (at + this.#dayOffset) % DAY
    return timeOfDay < 8 * HOUR ? at - timeOfDay + 8 * HOUR + this.#random.exponential(30 * MINUTE) : at
  }

  #isExpired(at: number): boolean {
    return this.#access === undefined || at >= this.#access.expiresAt
  }

  #refresh(): void {
    this.#send()
    if (this.#random.chance(this.#world.network.doubled)) {
      this.#world.time.after(this.#random.between(0, SECOND), () => this.#send())
    }
  }

  #send(): void {
    const { time, tokens, network } = this.#world
    const { cookie } = this
    if (cookie === undefined || this.signedOut) return
    time.after(this.#way(), async () => {
      this.refreshedAt.push(time.now())
      const result = await tokens.refresh(cookie)
      if (this.#random.chance(network.lost)) this.#lost()
      else time.after(this.#way(), () => this.#arrived(result))
    })
  }

  #lost(): void {
    const { time, network } = this.#world
    const late = this.#random.chance(network.lostLate)
    const wait = late ? this.#random.between(2 * MINUTE, 2 * HOUR) : this.#random.between(SECOND, 10 * SECOND)
    if (late) this.#awayUntil = time.now() + wait
    time.after(wait, () => this.#refresh())
  }

  #arrived(result: Refreshed | RefreshRefused): void {
    if (!result.ok) {
      if (!result.retryable) this.signedOut = true
      return
    }
    // As the endpoint does: a token that was presented and is still the current one is not set again.
    if (result.kind !== 'repeated') this.cookie = result.refreshToken
    this.#take(result)
  }

  /** The page uses its access token to load what it shows, unless it was closed before. */
  #take({ accessToken, expiresAt }: { readonly accessToken: string; readonly expiresAt: number }): void {
    this.#access = { token: accessToken, expiresAt }
    if (this.#random.chance(0.98)) this.#world.time.after(this.#random.between(10, 500), () => this.#use())
  }

  #use(): void {
    const { time, tokens, confirms } = this.#world
    const token = this.#access?.token
    if (token !== undefined) time.after(this.#way(), () => void tokens.verify(token, { confirm: confirms }))
  }

  #way(): number {
    const { delayed, delayedUpToMs } = this.#world.network
    const usual = this.#random.between(10, 80)
    return this.#random.chance(delayed) ? usual + this.#random.between(0, delayedUpToMs) : usual
  }
}
