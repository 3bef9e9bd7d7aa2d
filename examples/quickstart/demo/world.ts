import type { TokenService } from '@wardstone/tokens'
import type { FakeClock } from '@wardstone/testkit'
import type { Claims } from '../src/tokens.ts'
import type { Client } from './client.ts'
import type { EventLog } from './event-log.ts'
import type { Report, Step } from './report.ts'

/** What the chapters of the story share. */
export interface World {
  readonly report: Report
  readonly clock: FakeClock
  readonly events: EventLog
  /** For its counters only: everything else goes over HTTP. */
  readonly tokens: TokenService<Claims>
  /** Another device. */
  readonly device: (name: string) => Client
  /** The laptop of Nina, whom the story is about. */
  readonly nina: Client
}

export const NINA = { username: 'nina', email: 'nina@example.com', password: 'Plum-Tree-41-North' } as const

/** What Nina sends to log in. */
export const NINA_LOGIN = { username: NINA.username, password: NINA.password } as const

/** Moves the server's clock, which stands still otherwise. */
export function wait({ clock }: World, step: Step, seconds: number): void {
  clock.advance(seconds * 1000)
  step.did(`clock +${seconds} s`)
}
