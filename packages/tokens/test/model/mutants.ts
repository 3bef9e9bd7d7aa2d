import type { Reply } from '@wardstone/http'
import { step as right } from '../../src/lib/refresh/step.ts'
import type { Family, RefreshPolicy } from '../../src/lib/refresh/family.ts'
import type { Variant } from './subject.ts'

type Step = typeof right

/** What others got wrong, and what we might. Each must be told from the real thing by some history. */
export const MUTANTS: Readonly<Record<string, Variant>> = {
  'sliding grace': {
    step: changing((done, { now }) =>
      done.kind === 'replayed' ? { ...done, changes: { ...done.changes, rotatedAt: now } } : done,
    ),
  },
  'ancestor grace': {
    step: (family, presented, policy, around) => {
      const recent = around.now - family.rotatedAt < policy.graceMs && family.generation - presented.generation > 1
      return recent
        ? right(family, { ...presented, generation: family.generation - 1 }, policy, around)
        : right(family, presented, policy, around)
    },
  },
  'forked successor': {
    step: (family, presented, policy, around) => {
      const done = right(family, presented, policy, around)
      return done.kind === 'replayed'
        ? { kind: 'rotated', changes: { ...done.changes, generation: family.generation + 1, rotatedAt: around.now } }
        : done
    },
  },
  'upsert on revoked': { step: onFamily((family) => ({ ...family, ended: undefined, epoch: Number.MAX_SAFE_INTEGER })) },
  'interval shorter than the grace': {
    step: (family, presented, policy, around) =>
      right(
        family,
        presented,
        family.generation === presented.generation ? { ...policy, graceMs: policy.graceMs / 2 } : policy,
        around,
      ),
  },
  'REPEATED sets the cookie': {
    answer: (reply, result) => (result.ok && result.kind === 'repeated' ? withCookie(reply, result.refreshToken) : reply),
  },
  'loader failure without the cookie': { answer: (reply) => (reply.status === 503 ? withoutCookie(reply) : reply) },
  'heal without cap': {
    step: (family, presented, policy, around) => {
      const ahead = presented.generation - family.generation
      return ahead > 2 && around.lossy
        ? right({ ...family, generation: presented.generation - 1 }, presented, policy, around)
        : right(family, presented, policy, around)
    },
  },
  'heal in a store that loses nothing': { step: (f, p, policy, around) => right(f, p, policy, { ...around, lossy: true }) },
  'lost responses for ever': { step: withPolicy({ lostWindowMs: Number.MAX_SAFE_INTEGER }) },
  'patience with the unconfirmed': { step: withPolicy({ unconfirmedWindowMs: 86_400_000 }) },
  'no budget': { step: withPolicy({ budget: Number.MAX_SAFE_INTEGER }) },
  'a budget that counts replays, not generations': { step: onFamily((family) => ({ ...family, late: false })) },
  'a budget that is never forgiven': {
    step: changing((done, _around, family) => {
      return done.kind === 'rotated' ? { ...done, changes: { ...done.changes, lateStreak: family.lateStreak } } : done
    }),
  },
  'a budget that is forgiven at once': {
    step: changing((done, _around, family) => {
      return done.kind === 'rotated' && !family.late ? { ...done, changes: { ...done.changes, lateStreak: 0 } } : done
    }),
  },
  'no second grace after the confirmation': {
    step: (family, presented, policy, around) => {
      const old = around.now - family.rotatedAt >= policy.graceMs
      const confirmedAt = old && family.confirmedAt !== undefined ? Number.NEGATIVE_INFINITY : family.confirmedAt
      return right({ ...family, confirmedAt }, presented, policy, around)
    },
  },
  'confirmation ignored': { step: onFamily((family) => ({ ...family, confirmedAt: undefined })) },
  'emission forgotten': { step: onFamily((family) => ({ ...family, emittedAt: family.rotatedAt })) },
  'absolute end moves along': {
    step: changing((done, { now }) => {
      return done.kind === 'rotated'
        ? { ...done, changes: { ...done.changes, absoluteEnd: now + 30 * 86_400_000, idleEnd: now + 7 * 86_400_000 } }
        : done
    }),
  },
  'reuse refused but the session lives on': {
    step: changing((done) => (done.kind === 'ended' ? { kind: 'refused', reason: done.reason } : done)),
  },
}

function onFamily(change: (family: Family) => Family): Step {
  return (family, presented, policy, around) => right(change(family), presented, policy, around)
}

function withPolicy(change: Partial<RefreshPolicy>): Step {
  return (family, presented, policy, around) => right(family, presented, { ...policy, ...change }, around)
}

function changing(change: (done: ReturnType<Step>, around: Parameters<Step>[3], family: Family) => ReturnType<Step>): Step {
  return (family, presented, policy, around) => change(right(family, presented, policy, around), around, family)
}

function withCookie(reply: Reply, token: string): Reply {
  return { ...reply, headers: [...(reply.headers ?? []), ['set-cookie', `refresh=${token}; Path=/`]] }
}

function withoutCookie(reply: Reply): Reply {
  return { ...reply, headers: (reply.headers ?? []).filter(([name]) => name !== 'set-cookie') }
}
