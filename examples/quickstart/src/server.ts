// Starts the quickstart: `pnpm example quickstart`. Its options come from the environment.
import type { Duration } from '@wardstone/core'
import { createApp } from './app.ts'
import { listen } from './listen.ts'
import { seed } from './seed.ts'

const { PORT = '3000', GRACE = '30s', STORE = 'memory', SEED } = process.env

try {
  if (!/^\d{1,5}$/.test(PORT) || Number(PORT) > 65_535)
    throw new Error('PORT: expected a number from 0 to 65535; 0 picks a free one')
  if (STORE !== 'memory') throw new Error('STORE: only "memory" is there yet')
  const { app, accounts, lifecycle } = createApp({
    grace: GRACE as Duration,
    events: (event) => console.log(JSON.stringify(event)),
  })
  if (SEED === '1') await seed(accounts)
  const running = await listen(app, Number(PORT), lifecycle)
  console.log(`listening on ${running.origin}`)
  lifecycle.started()
  lifecycle.handleSignals()
  lifecycle.handleCrashes()
} catch (error) {
  // A wrong option, or a port that is taken: the message says it all.
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
