// The quickstart, driven through its whole story over real HTTP: `npx --yes pnpm@12 demo`. Exits 0 if everything was right.
import { parseArgs } from 'node:util'
import { fakeClock } from '@wardstone/testkit'
import { Client } from './demo/client.ts'
import { forgeries, rotation } from './demo/keys.ts'
import { paint, Report } from './demo/report.ts'
import { roles } from './demo/roles.ts'
import { refreshing, signingIn } from './demo/signing-in.ts'
import { thief } from './demo/thief.ts'
import { EventLog, type World } from './demo/world.ts'
import { createApp } from './src/app.ts'
import { listen } from './src/listen.ts'
import { seed } from './src/seed.ts'

try {
  const { values } = parseArgs({ options: { store: { type: 'string', default: 'memory' } } })
  if (values.store !== 'memory') throw new Error(`--store ${values.store}: only "memory" is there yet`)
  process.exitCode = (await tell()) ? 0 : 1
} catch (error) {
  console.error(`demo: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
}

/** Answers whether all of it was right. */
async function tell(): Promise<boolean> {
  const start = performance.now()
  const clock = fakeClock(Date.now())
  const events = new EventLog()
  const report = new Report()
  const { app, accounts } = createApp({ now: clock.now, events: events.sink })
  await seed(accounts)
  const running = await listen(app, 0)
  console.log(`The quickstart listens on ${running.origin}. Its clock stands still, and is moved by hand.`)

  const device = (agent: string): Client => new Client(running.origin, agent)
  const world: World = { report, clock, events, device, nina: device('laptop') }
  for (const chapter of [signingIn, refreshing, thief, rotation, forgeries, roles]) await chapter(world)
  await running.close()

  const { steps, right } = report
  const seconds = ((performance.now() - start) / 1000).toFixed(1)
  console.log(`\n${paint(right === steps ? 'green' : 'red', `${steps} steps, ${right} right`)} in ${seconds} s`)
  return right === steps
}
