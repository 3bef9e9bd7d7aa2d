import fc from 'fast-check'
import type { RefreshPolicy } from '../../src/index.ts'

export const MINUTE = 60_000
export const policy: RefreshPolicy = {
  idleMs: 60 * MINUTE,
  absoluteMs: 600 * MINUTE,
  graceMs: 10 * MINUTE,
  lostWindowMs: 100 * MINUTE,
  unconfirmedWindowMs: 20 * MINUTE,
  budget: 3,
}
export const SHARD = 'c2hhcmQtLTg'
export const SID = 'kkkkkkkkkkkkkkkkkkkkkk'
export const HASH = Buffer.alloc(32, 7)

/** In minutes around now, never on a limit: the server's clock goes on while we look at ours. */
const ago = fc.integer({ min: 0, max: 130 }).map((minutes) => minutes + 0.5)

/** Sessions and what is presented of them, for stores that decide in a language of their own. */
export const situations = fc.record({
  rotated: ago,
  emitted: ago,
  confirmed: fc.option(ago, { nil: undefined }),
  idleLeft: fc.constantFrom(-30.5, 0.5, 30.5, 30.5, 30.5),
  absoluteLeft: fc.constantFrom(-30.5, 300.5, 300.5, 300.5, 300.5, 20.5),
  everConfirmed: fc.boolean(),
  late: fc.boolean(),
  lateStreak: fc.integer({ min: 0, max: 4 }),
  generation: fc.integer({ min: 3, max: 6 }),
  distance: fc.constantFrom(-3, -2, -1, 0, 0, 1, 1, 1, 1, 2, 3),
  wrongSecret: fc.constantFrom(false, false, false, false, true),
  epochMoved: fc.constantFrom('no' as const, 'no' as const, 'subject' as const, 'everyone' as const),
  knownDead: fc.constantFrom(false, false, false, true),
  ended: fc.constantFrom(undefined, undefined, undefined, 'signed_out' as const, 'reuse_detected' as const),
  ip: fc.constantFrom(undefined, '192.0.2.1', '2001:db8::1'),
  userAgent: fc.constantFrom(undefined, 'Läptop 💻 \\ \0'),
})
