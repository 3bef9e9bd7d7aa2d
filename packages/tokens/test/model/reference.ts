/**
 * The rules of a session, written down once more in the plainest way: the whole history is kept, and every question is
 * answered by looking it up. It shares no code and no state with what it judges.
 */

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

export const RULES = {
  access: 15 * MINUTE,
  grace: 30 * SECOND,
  lostUnconfirmed: 2 * MINUTE,
  lost: 24 * HOUR,
  idle: 7 * DAY,
  absolute: 30 * DAY,
  budget: 3,
} as const

/** What a client sees of a refresh. */
export interface Expected {
  readonly status: 200 | 401 | 503
  /** Inward: the kind of a success, the code of a refusal. */
  readonly outcome: string
  /** The generation of the refresh token in the cookie that was set, if one was. */
  readonly cookie: number | undefined
  /** The generation that the new access token names, if there is one. */
  readonly access: number | undefined
}

interface GenerationRecord {
  readonly number: number
  readonly madeAt: number
  handedOutAt: number
  confirmedAt?: number
  replayedLate: boolean
}

export class Reference {
  readonly #lossy: boolean
  readonly #began: number
  readonly #history: GenerationRecord[]
  #lastUse: number
  #end: string | undefined
  /** What the application's loader does at the moment. */
  loader: 'answers' | 'throws' | 'null' = 'answers'

  constructor(began: number, lossy: boolean) {
    this.#began = began
    this.#lastUse = began
    this.#lossy = lossy
    this.#history = [{ number: 0, madeAt: began, handedOutAt: began, replayedLate: false }]
  }

  get generation(): number {
    return this.#now.number
  }

  get #now(): GenerationRecord {
    return this.#history.at(-1) as GenerationRecord
  }

  /** Whether something was done that ends access tokens, too. */
  get revoked(): boolean {
    return this.#end !== undefined
  }

  revoke(reason: string, at: number): void {
    if (this.#deadBecause(at) === undefined) this.#end = reason
  }

  /** A logout everywhere ends sessions whatever their state; what ended before keeps its reason. */
  revokeEverywhere(): void {
    this.#end ??= 'subject_revoked'
  }

  confirm(generation: number, at: number): void {
    if (this.#deadBecause(at) !== undefined || generation !== this.generation) return
    this.#now.confirmedAt ??= at
  }

  refresh(presented: number, at: number): Expected {
    const dead = this.#deadBecause(at)
    if (dead !== undefined) return refused(dead)
    const latest = this.#now
    const behind = latest.number - presented
    if (behind === 0) {
      const quiet = Math.min(at - latest.madeAt, at - latest.handedOutAt)
      return quiet < RULES.grace ? this.#answer('repeated', undefined, at) : this.#next('rotated', presented + 1, at)
    }
    if (behind === 1) return this.#parent(at)
    if (this.#lossy && (behind === -1 || behind === -2)) return this.#next('healed', presented + 1, at)
    return this.#kill(behind < 0 ? 'generation_ahead' : 'reuse_detected')
  }

  #parent(at: number): Expected {
    const latest = this.#now
    const early = at - latest.madeAt < RULES.grace
    const afterProof = latest.confirmedAt !== undefined && at - latest.confirmedAt < RULES.grace
    if (!early && !afterProof) {
      const patience = this.#history.some((g) => g.confirmedAt !== undefined) ? RULES.lost : RULES.lostUnconfirmed
      if (latest.confirmedAt !== undefined || at - latest.madeAt >= patience) return this.#kill('reuse_detected')
      if (!latest.replayedLate && this.#lateBefore() >= RULES.budget) return this.#kill('retry_budget_spent')
      latest.replayedLate = true
    }
    latest.handedOutAt = at
    return this.#answer('replayed', latest.number, at)
  }

  /** How many generations before the latest one were replayed late, less those that were not, but never below none. */
  #lateBefore(): number {
    return this.#history.slice(0, -1).reduce((owed, { replayedLate }) => Math.max(0, owed + (replayedLate ? 1 : -1)), 0)
  }

  #next(kind: string, number: number, at: number): Expected {
    this.#history.push({ number, madeAt: at, handedOutAt: at, replayedLate: false })
    this.#lastUse = at
    return this.#answer(kind, number, at)
  }

  #answer(kind: string, cookie: number | undefined, at: number): Expected {
    if (this.loader === 'throws') return { status: 503, outcome: 'claims_unavailable', cookie, access: undefined }
    if (this.loader === 'null') {
      this.revoke('subject_gone', at)
      return refused('subject_gone')
    }
    return { status: 200, outcome: kind, cookie, access: this.generation }
  }

  #kill(reason: string): Expected {
    this.#end = reason
    return refused(reason)
  }

  #deadBecause(at: number): string | undefined {
    if (this.#end !== undefined) return this.#end
    if (at >= this.#began + RULES.absolute) return 'expired_absolute'
    return at >= this.#lastUse + RULES.idle ? 'expired_idle' : undefined
  }
}

function refused(outcome: string): Expected {
  return { status: 401, outcome, cookie: undefined, access: undefined }
}
