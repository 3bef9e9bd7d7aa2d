import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { histories, play } from './histories.ts'
import { MUTANTS } from './mutants.ts'

const deep = process.env['WARDSTONE_DEEP'] === '1'
const RUNS = deep ? 100_000 : 4000
const OUTCOMES =
  'rotated repeated replayed healed claims_unavailable subject_gone reuse_detected retry_budget_spent generation_ahead expired_idle expired_absolute revoked subject_revoked'
const SEED = 20_300_101

describe('the session state machine against a plain reference', () => {
  it(
    `[TOK-2] [TOK-3] [TOK-4] agrees over ${RUNS} histories`,
    async () => {
      const tally = new Map<string, number>()
      await fc.assert(
        fc.asyncProperty(histories, async ({ lossy, happenings }) => {
          expect(await play(lossy, happenings, {}, tally)).toBeUndefined()
        }),
        deep ? { numRuns: RUNS } : { numRuns: RUNS, seed: SEED },
      )
      // Histories that never got there would agree about it, too.
      const rare = OUTCOMES.split(' ').filter((outcome) => (tally.get(outcome) ?? 0) < 50)
      expect(rare).toEqual([])
    },
    deep ? 3_600_000 : 60_000,
  )

  it.each(Object.entries(MUTANTS))(
    '[TOK-3] tells apart: %s',
    async (_name, variant) => {
      const result = await fc.check(
        fc.asyncProperty(histories, async ({ lossy, happenings }) => (await play(lossy, happenings, variant)) === undefined),
        { numRuns: RUNS, seed: SEED, endOnFailure: true },
      )
      expect(result.failed).toBe(true)
    },
    60_000,
  )
})
