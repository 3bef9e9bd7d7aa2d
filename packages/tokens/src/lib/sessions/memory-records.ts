import type { ClientFacts } from '@wardstone/core'
import type { Family } from '../refresh/family.ts'
import { kept } from './kept-facts.ts'
import type { StoreSettings } from './store.ts'

/** What is kept of a subject. */
export interface Subject {
  epoch: number
  claimsEpoch: number
  /** Live families, the least recently used first. */
  readonly sids: Set<string>
  /** Families that are over and still tell why, the first to be over first. */
  readonly over: Set<string>
}

/** What services that share a store must have in common. */
export function lifetimesOf({ policy, maxSessions, revocationMs }: StoreSettings): string {
  return JSON.stringify([policy, maxSessions, revocationMs])
}

export function endOf({ ended, idleEnd, absoluteEnd }: Family): number {
  return Math.min(ended?.at ?? Number.POSITIVE_INFINITY, idleEnd, absoluteEnd)
}

/** Notes which families are over, and answers which to forget: why a session is over is worth no more room than the sessions have. */
export function bury({ sids, over }: Subject, gone: readonly string[], most: number): readonly string[] {
  for (const sid of gone) {
    sids.delete(sid)
    over.add(sid)
  }
  const forgotten: string[] = []
  for (const sid of over) {
    if (over.size <= most) break
    over.delete(sid)
    forgotten.push(sid)
  }
  return forgotten
}

/** Epochs are microseconds of the clock. */
export function lastMoveOf({ epoch, claimsEpoch }: Subject): number {
  return Math.max(epoch, claimsEpoch) / 1000
}

/** A client that tells less than before has not become another one. */
export function known(client: ClientFacts, before: ClientFacts): ClientFacts {
  const { ip, userAgent } = kept(client)
  return { ip: ip ?? before.ip, userAgent: userAgent ?? before.userAgent }
}
