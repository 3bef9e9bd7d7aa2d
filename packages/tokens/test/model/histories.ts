import fc from 'fast-check'
import { Reference, RULES } from './reference.ts'
import { Subject, type Variant } from './subject.ts'

/** One thing that happens to a session. */
export type Happening =
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'refresh'; readonly behind: number }
  | { readonly kind: 'confirm' }
  | { readonly kind: 'loader'; readonly does: 'answers' | 'throws' | 'null' }
  | { readonly kind: 'revoke'; readonly how: 'one' | 'all' | 'everyone' }

const START = Date.UTC(2030, 0, 1)

/** Moments at which something changes, and those just beside them. */
const EDGES = [RULES.grace, RULES.lostUnconfirmed, RULES.lost, RULES.idle].flatMap((ms) => [ms - 1, ms, ms + 1])
const WAITS = [1, 1000, RULES.grace / 2, RULES.access, 60 * 60_000, RULES.absolute / 5, ...EDGES]
const wait = fc.constantFrom(...WAITS).map((ms): Happening => ({ kind: 'wait', ms }))
const briefWait = fc
  .constantFrom(1, 1000, RULES.grace / 2, RULES.grace - 1, RULES.grace, RULES.grace + 1, RULES.lostUnconfirmed - 1)
  .map((ms): Happening => ({ kind: 'wait', ms }))
const refresh = fc.constantFrom(0, 0, 0, 1, 1, 1, 2, 3, -1, -2, -3).map((behind): Happening => ({ kind: 'refresh', behind }))
const honest = fc.constantFrom(0, 0, 1).map((behind): Happening => ({ kind: 'refresh', behind }))
const confirm = fc.constant<Happening>({ kind: 'confirm' })
const loader = fc
  .constantFrom('answers', 'answers', 'throws', 'null')
  .map((does): Happening => ({ kind: 'loader', does: does as 'answers' }))
const revoke = fc.constantFrom('one', 'all', 'everyone').map((how): Happening => ({ kind: 'revoke', how: how as 'one' }))

const single = fc.oneof(
  { arbitrary: briefWait, weight: 8 },
  { arbitrary: wait, weight: 4 },
  { arbitrary: honest, weight: 12 },
  { arbitrary: refresh, weight: 3 },
  { arbitrary: confirm, weight: 4 },
  { arbitrary: loader, weight: 1 },
  { arbitrary: revoke, weight: 1 },
)

/** Lives that single happenings hardly ever make: one that comes second again and again, and one that goes on and on. */
const lateAgain: readonly Happening[] = [
  { kind: 'wait', ms: RULES.grace },
  { kind: 'refresh', behind: 0 },
  { kind: 'wait', ms: RULES.grace },
  { kind: 'refresh', behind: 1 },
]
const daysLater: readonly Happening[] = [
  { kind: 'wait', ms: RULES.idle - 1 },
  { kind: 'refresh', behind: 0 },
]
const chapters = fc.oneof(
  { arbitrary: fc.array(single, { minLength: 1, maxLength: 8 }), weight: 6 },
  { arbitrary: fc.integer({ min: 1, max: 4 }).map((times) => repeat(lateAgain, times)), weight: 1 },
  { arbitrary: fc.integer({ min: 1, max: 4 }).map((times) => repeat(daysLater, times)), weight: 1 },
)

function repeat(chapter: readonly Happening[], times: number): Happening[] {
  return Array.from({ length: times }, () => chapter).flat()
}

/** Mostly plausible lives, with every kind of mischief in some of them. */
export const histories: fc.Arbitrary<{ readonly lossy: boolean; readonly happenings: readonly Happening[] }> = fc.record({
  lossy: fc.boolean(),
  happenings: fc.array(chapters, { minLength: 1, maxLength: 8, size: 'max' }).map((parts) => parts.flat()),
})

/**
 * Plays a history on the service and on the reference. Returns the first difference in words, if there is one.
 *
 * @param tally - counts what came of refreshes
 */
export async function play(
  lossy: boolean,
  happenings: readonly Happening[],
  variant: Variant = {},
  tally: Map<string, number> = new Map(),
): Promise<string | undefined> {
  let at = START
  const subject = new Subject(at, lossy, variant)
  const reference = new Reference(at, lossy)
  await subject.begin()
  for (const [i, happening] of happenings.entries()) {
    const where = `after ${i + 1}: ${JSON.stringify(happening)}`
    try {
      const difference = await happen(happening)
      if (difference !== undefined) return `${where}: ${difference}`
    } catch (error) {
      return `${where}: ${String(error)}`
    }
    const standing = judgeAccess()
    if (standing !== undefined) return `${where}: ${standing}`
  }
  return undefined

  async function happen(happening: Happening): Promise<string | undefined> {
    switch (happening.kind) {
      case 'wait':
        at += happening.ms
        subject.advance(happening.ms)
        return undefined
      case 'loader':
        subject.loader = reference.loader = happening.does
        return undefined
      case 'confirm': {
        const verified = subject.tokens.verifyNow(subject.access?.token ?? '', { confirm: false })
        if (!verified.ok) return undefined
        await subject.tokens.confirm(verified)
        reference.confirm(verified.gen, at)
        return undefined
      }
      case 'revoke':
        await revokeBy(happening.how)
        return undefined
      case 'refresh': {
        const generation = reference.generation - happening.behind
        if (generation < 0) return undefined
        const expected = reference.refresh(generation, at)
        const got = await subject.refresh(generation)
        tally.set(expected.outcome, (tally.get(expected.outcome) ?? 0) + 1)
        return JSON.stringify(got) === JSON.stringify(expected)
          ? undefined
          : `got ${JSON.stringify(got)}, expected ${JSON.stringify(expected)}`
      }
    }
  }

  async function revokeBy(how: 'one' | 'all' | 'everyone'): Promise<void> {
    if (how === 'one') {
      await subject.tokens.revoke({ sub: 'somebody', sid: subject.sid })
      reference.revoke('revoked', at)
      return
    }
    await (how === 'all' ? subject.tokens.revokeAll('somebody') : subject.tokens.revokeEveryone())
    reference.revokeEverywhere()
  }

  /** The access token of a session that was ended is dead at once, and otherwise lives its time. */
  function judgeAccess(): string | undefined {
    const { token, madeAt } = subject.access as NonNullable<Subject['access']>
    const verified = subject.tokens.verifyNow(token, { confirm: false })
    const got = verified.ok ? 'ok' : verified.code
    const late = at >= madeAt + RULES.access + 5000
    const expected = late ? 'expired' : reference.revoked ? 'session_ended' : 'ok'
    return got === expected ? undefined : `access token: got ${got}, expected ${expected}`
  }
}
