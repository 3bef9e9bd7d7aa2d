export { fakeClock } from './lib/clock.ts'
export type { FakeClock } from './lib/clock.ts'
export { inTurn } from './lib/in-turn.ts'
export type { InTurn, Waiting } from './lib/in-turn.ts'
