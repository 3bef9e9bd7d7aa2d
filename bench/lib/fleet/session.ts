import type { Access, Answer } from './calls.ts'
import { TIMES } from './times.ts'

/** When somebody asked for new tokens: sent, and answered or given up. */
export interface Asked {
  readonly from: number
  readonly to: number
  /** Whether there was an answer: tokens, or a refusal. */
  readonly done: boolean
  readonly ok: boolean
}

/** Who asks for tokens of a session, and when they did. */
class Party {
  readonly asked: Asked[] = []
  #asking = 0
  #lastAt = 0

  /** Writes down how a call went. */
  async ask(call: () => Promise<Answer>): Promise<Answer> {
    this.#asking++
    const answer = await call()
    const { sentAt: from, doneAt: to, status } = answer
    this.asked.push({ from, to, done: status === 200 || status === 401, ok: status === 200 })
    this.#lastAt = to
    this.#asking--
    return answer
  }

  /** Whether somebody else would now be within one grace of it. */
  get isNear(): boolean {
    return this.#asking > 0 || Date.now() - this.#lastAt < TIMES.grace + 100
  }
}

/** One sign-in, as its owner and the driver see it. */
export class Session {
  readonly sid: string
  readonly sub: string
  /** The call that made it, by which its process reports whether it was durable. */
  readonly call: string
  readonly owner = new Party()
  readonly thief = new Party()
  /** Whether owner and thief happen to leave more than one grace between them. */
  apart = false
  /** The refresh token in the jar. */
  cookie: string
  access: Access
  /** The refresh token of each generation that came back, to whomever. */
  readonly handedOut = new Map<number, string>()
  /** Different refresh tokens of one generation, and old ones that were accepted. */
  forks = 0
  /** When somebody who may asked for its end, whatever came of it. */
  endAskedAt: number | undefined
  /** When its token was copied. */
  stolenAt: number | undefined
  /** When its owner was told that it is over. */
  refusedAt: number | undefined
  /** When the thief was. */
  thiefRefusedAt: number | undefined
  /** When an access token was refused before its time. */
  accessRefusedAt: number | undefined

  constructor(sub: string, call: string, { cookie, access }: { readonly cookie: string; readonly access: Access }) {
    this.sub = sub
    this.call = call
    this.sid = access.sid
    this.cookie = cookie
    this.access = access
    this.note(access.generation, cookie)
  }

  /** Whether nobody asks for tokens of it any more. */
  get isOver(): boolean {
    return this.refusedAt !== undefined || this.endAskedAt !== undefined
  }

  /** Whether a thief has it, and was not found yet. */
  get isContested(): boolean {
    return this.stolenAt !== undefined && this.thiefRefusedAt === undefined && this.refusedAt === undefined
  }

  /** The cookie is set as a browser sets it, and the page takes the access token. */
  arrived({ cookie, access }: Answer): void {
    if (cookie !== undefined) this.cookie = cookie
    if (access !== undefined) this.access = access
  }

  /** Takes note of a refresh token that was handed out. */
  note(generation: number, cookie: string): void {
    const known = this.handedOut.get(generation)
    if (known !== undefined && known !== cookie) this.forks++
    this.handedOut.set(generation, cookie)
  }
}
