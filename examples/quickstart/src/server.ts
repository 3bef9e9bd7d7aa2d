// Starts the quickstart: `pnpm example quickstart`. Its options come from the environment.
import cluster from 'node:cluster'
import { createApp } from './app.ts'
import { startInstances } from './instances.ts'
import { listen } from './listen.ts'
import { seed } from './seed.ts'
import { readSettings, type Settings } from './settings.ts'
import { openStore } from './stores.ts'

try {
  const settings = readSettings(process.env)
  if (settings.instances > 1 && cluster.isPrimary) startInstances(settings.instances, process.env)
  else await serve(settings)
} catch (error) {
  // A wrong option, or a port that is taken: the message says it all.
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}

async function serve({ port, grace, store, redisUrl, seeded, secrets, signingKey }: Settings): Promise<void> {
  const { pid } = process
  const sessions = openStore(store, { url: redisUrl })
  const { app, accounts, lifecycle } = createApp({
    grace,
    sessions,
    secrets,
    signingKey,
    events: (event) => console.log(JSON.stringify({ ...event, pid })),
  })
  if (seeded) await seed(accounts)
  const running = await listen(app, port, lifecycle)
  if (cluster.isPrimary) console.log(`listening on ${running.origin}`)
  lifecycle.started()
  lifecycle.handleSignals()
  lifecycle.handleCrashes()
}
