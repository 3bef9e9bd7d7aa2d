/** What a breaker knows: how calls ended lately, and until when nobody is let through. */
export interface Breaker {
  readonly state: 'closed' | 'open' | 'half_open'
  /** Failures in a row. */
  readonly streak: number
  /** The last calls, a bit each, 1 for a failure; the latest is the lowest. */
  readonly recent: number
  /** How many of the bits mean something. */
  readonly seen: number
  /** How often it has opened since it was last closed. */
  readonly trips: number
  /** While open: the moment from which a probe is let through. */
  readonly until: number
}

/** When a breaker opens, and for how long. */
export interface BreakerPolicy {
  /** Failures in a row that open it. */
  readonly failures: number
  /** How long it stays open at first; doubles with every probe that fails. */
  readonly openForMs: number
  /** How long at most. */
  readonly openAtMostMs: number
}

/** How a call was let in: as one of many, or as the one that finds out. */
export type Pass = 'call' | 'probe'

const WINDOW = 20
const MASK = 2 ** WINDOW - 1

/** A breaker of which nothing is known. */
export const CLOSED: Breaker = { state: 'closed', streak: 0, recent: 0, seen: 0, trips: 0, until: 0 }

/** Whether a call may go, and as what. While a probe is on its way nobody else may. */
export function admits(breaker: Breaker, now: number): Pass | undefined {
  if (breaker.state === 'closed') return 'call'
  return breaker.state === 'open' && now >= breaker.until ? 'probe' : undefined
}

/** The breaker once a probe has gone. */
export function probing(breaker: Breaker): Breaker {
  return { ...breaker, state: 'half_open' }
}

/**
 * The breaker once a call has ended. What was let in before it opened says nothing any more: only the probe closes it, or
 * opens it again.
 *
 * @param jitter - from 0 to 1: processes that lost Redis together should not come back together
 */
export function settled(
  breaker: Breaker,
  { pass, ok, now, jitter }: { readonly pass: Pass; readonly ok: boolean; readonly now: number; readonly jitter: number },
  policy: BreakerPolicy,
): Breaker {
  if (pass === 'probe') return ok ? CLOSED : opened(breaker, now, jitter, policy)
  if (breaker.state !== 'closed') return breaker
  if (ok && breaker.recent === 0 && breaker.seen === WINDOW) return breaker
  const recent = ((breaker.recent << 1) | (ok ? 0 : 1)) & MASK
  const next: Breaker = {
    ...breaker,
    streak: ok ? 0 : breaker.streak + 1,
    recent,
    seen: Math.min(WINDOW, breaker.seen + 1),
  }
  const tooMany = next.streak >= policy.failures || (next.seen === WINDOW && 2 * ones(recent) >= WINDOW)
  return !ok && tooMany ? opened(next, now, jitter, policy) : next
}

function opened(breaker: Breaker, now: number, jitter: number, policy: BreakerPolicy): Breaker {
  const longest = Math.min(policy.openAtMostMs, policy.openForMs * 2 ** breaker.trips)
  return { ...CLOSED, state: 'open', trips: breaker.trips + 1, until: now + longest * (0.5 + jitter / 2) }
}

function ones(bits: number): number {
  let count = 0
  for (let left = bits; left !== 0; left &= left - 1) count++
  return count
}
