import { fakeClock, type FakeClock } from '@wardstone/testkit'
import { vi } from 'vitest'
import { Client } from '../demo/client.ts'
import type { Accounts } from '../src/accounts.ts'
import { createApp } from '../src/app.ts'
import { listen, type Running } from '../src/listen.ts'
import { seed, SEED_PASSWORD } from '../src/seed.ts'
import type { AppEvent } from '../src/tokens.ts'

// A password costs a real Argon2id here, and much more than that where everything else runs at once.
vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 })

export interface Started extends Running {
  readonly clock: FakeClock
  readonly accounts: Accounts
  readonly events: readonly AppEvent[]
  /** A client that has not logged in. */
  readonly client: (name?: string) => Client
  /** One that has, as an account of the seed. */
  readonly loggedIn: (username: string, name?: string) => Promise<Client>
}

/** The seeded quickstart on a free port. */
export async function start(): Promise<Started> {
  const clock = fakeClock()
  const events: AppEvent[] = []
  const { app, accounts, lifecycle } = createApp({ now: clock.now, events: (event) => void events.push(event) })
  await seed(accounts)
  const running = await listen(app, 0, lifecycle)
  const client = (name = 'test'): Client => new Client(running.origin, name)
  return {
    ...running,
    clock,
    accounts,
    events,
    client,
    async loggedIn(username, name) {
      const made = client(name)
      await made.send('POST /auth/login', { username, password: SEED_PASSWORD })
      return made
    },
  }
}
