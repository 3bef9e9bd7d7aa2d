import { describe, expect, it, vi } from 'vitest'
import type { AsymmetricAlgorithm } from '../src/index.ts'
import type * as PrivateKey from '../src/lib/keys/private-key.ts'
import { simulate } from './kit/key-simulation.ts'

// Other threads would make keys in real time, and the simulation's runs thousands of times as fast.
vi.mock('../src/lib/keys/private-key.ts', async (original) => {
  const real = await original<typeof PrivateKey>()
  return { ...real, generate: async (alg: AsymmetricAlgorithm) => real.generateNow(alg) }
})

/** As long as a reading may be old before others may sign with a key that it did not show. */
const PATIENCE = 300_000 + 2 * 30_000

describe('eight nodes with wrong clocks, late readings and lost writings', { timeout: 60_000 }, () => {
  it('[TOK-6] rotate fifty times, and no token is refused by any of them or behind a cache before it expires', async () => {
    const outcome = await simulate({ seed: 6, rotations: 50, longestGapMs: PATIENCE })
    expect(outcome.refused).toBe(0)
    expect(outcome.longestGapMs).toBeGreaterThan(PATIENCE * 0.8)
    expect(outcome.failedReads).toBeGreaterThan(1_000)
    expect(outcome.rotations).toBeGreaterThanOrEqual(50)
  })

  it.each([
    ['copies were kept for as long as ever, however long their node had heard nothing', { keptForMs: 300_000 }],
    ['a node could hear nothing for twice as long', { longestGapMs: 2 * PATIENCE }],
    ['each went by its own clock', { timeOf: (_: number, own: number) => own, takesLate: true }],
  ])('[TOK-6] would have tokens refused if %s', async (_, worse) => {
    const outcome = await simulate({ seed: 6, rotations: 20, longestGapMs: PATIENCE, ...worse })
    expect(outcome.refused).toBeGreaterThan(0)
  })
})
