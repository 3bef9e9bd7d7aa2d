import { timingSafeEqual } from 'node:crypto'
import type { EndReason, Family, RefreshPolicy } from './family.ts'

/** What somebody presented: a refresh token whose signature was verified. */
export interface Presented {
  readonly generation: number
  readonly secretHash: Buffer
}

/** What the store knows besides the family at this moment. */
export interface Surroundings {
  readonly now: number
  /** The higher of the subject's epoch and everyone's. */
  readonly epoch: number
  /** The ring secret that signs a new token. */
  readonly kid: string
  /** Whether the store may forget acknowledged writes. */
  readonly lossy: boolean
  /** Whether this process knows from elsewhere that the session is over. */
  readonly knownDead: boolean
}

/**
 * Why a refresh is refused without changing anything.
 *
 * - `expired_idle`: The session was not used for as long as `refresh.idle`.
 * - `expired_absolute`: The session is older than `refresh.absolute`.
 * - `forged`: The signature is ours, but not the session's own secret: the ring's secret is known to somebody.
 */
export type Stillborn = EndReason | 'expired_idle' | 'expired_absolute' | 'forged'

/** What one refresh does: the verdict, and what is written. */
export type Step =
  | { readonly kind: 'repeated' }
  | { readonly kind: 'rotated' | 'replayed' | 'healed'; readonly changes: Partial<Family> }
  | { readonly kind: 'refused'; readonly reason: Stillborn }
  | { readonly kind: 'ended'; readonly reason: 'reuse_detected' | 'retry_budget_spent' | 'generation_ahead' }

/**
 * The one step of a refresh. Pure; a store applies it atomically. `distance` is how far the presented token lies behind
 * the current one.
 *
 * Two rotations are never less than one grace apart, so whatever crosses on the way within a grace (two tabs, a retry, a
 * response that overtakes another) meets the same generation and gets the same token.
 */
export function step(family: Family, presented: Presented, policy: RefreshPolicy, around: Surroundings): Step {
  if (!timingSafeEqual(family.secretHash, presented.secretHash)) return { kind: 'refused', reason: 'forged' }
  const dead = whyDead(family, around)
  if (dead !== undefined) return { kind: 'refused', reason: dead }
  const distance = family.generation - presented.generation
  if (distance === 0) {
    // Whoever got this token a moment ago may still be on the way to a second request with it.
    const settledAt = Math.max(family.rotatedAt, family.emittedAt)
    return around.now - settledAt < policy.graceMs ? { kind: 'repeated' } : rotate(family, family.generation + 1, policy, around)
  }
  if (distance === 1) return replay(family, policy, around)
  // Only we could have signed a later token, so it is the store that lost something: a failover forgets a write or two.
  if ((distance === -1 || distance === -2) && around.lossy) {
    return { ...rotate(family, presented.generation + 1, policy, around), kind: 'healed' }
  }
  return { kind: 'ended', reason: distance < 0 ? 'generation_ahead' : 'reuse_detected' }
}

/** Why a family can no longer be used, if so. Nothing brings it back. */
export function whyDead(
  family: Family,
  around: Pick<Surroundings, 'now' | 'epoch' | 'knownDead'>,
): Exclude<Stillborn, 'forged'> | undefined {
  if (family.ended !== undefined) return family.ended.reason
  if (family.epoch < around.epoch || around.knownDead) return 'subject_revoked'
  if (around.now >= family.absoluteEnd) return 'expired_absolute'
  return around.now >= family.idleEnd ? 'expired_idle' : undefined
}

function rotate(family: Family, generation: number, policy: RefreshPolicy, around: Surroundings): Step & { kind: 'rotated' } {
  const { now, kid } = around
  return {
    kind: 'rotated',
    changes: {
      generation,
      kid,
      rotatedAt: now,
      emittedAt: now,
      idleEnd: Math.min(now + policy.idleMs, family.absoluteEnd),
      confirmedAt: undefined,
      late: false,
      // Forgiven one by one: else a thief who once keeps step may come second for as long again.
      lateStreak: family.late ? family.lateStreak : Math.max(0, family.lateStreak - 1),
    },
  }
}

/** The parent of the current token came back: a retry, or a thief. */
function replay(family: Family, policy: RefreshPolicy, { now }: Surroundings): Step {
  const sinceRotation = now - family.rotatedAt
  const prompt = sinceRotation < policy.graceMs
  // Measured once more from the confirmation: the other tab may have been waiting for just that answer.
  const justConfirmed = family.confirmedAt !== undefined && now - family.confirmedAt < policy.graceMs
  if (prompt || justConfirmed) return { kind: 'replayed', changes: { emittedAt: now } }
  const lostFor = family.everConfirmed ? policy.lostWindowMs : policy.unconfirmedWindowMs
  if (family.confirmedAt !== undefined || sinceRotation >= lostFor) return { kind: 'ended', reason: 'reuse_detected' }
  if (family.late) return { kind: 'replayed', changes: { emittedAt: now } }
  // Late once is bad luck. Late in every generation is somebody who always comes second: one of the two is a thief.
  if (family.lateStreak >= policy.budget) return { kind: 'ended', reason: 'retry_budget_spent' }
  return { kind: 'replayed', changes: { emittedAt: now, late: true, lateStreak: family.lateStreak + 1 } }
}
