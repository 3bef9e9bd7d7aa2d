// The quickstart, driven through its whole story over real HTTP: `npx --yes pnpm@12 demo`. Exits 0 if all of it was right.
import { parseArgs } from 'node:util'
import { fakeClock } from '@wardstone/testkit'
import { Client } from './demo/client.ts'
import { EventLog } from './demo/event-log.ts'
import { forgeries } from './demo/forgeries.ts'
import { instances } from './demo/instances.ts'
import { refreshing } from './demo/refreshing.ts'
import { paint, Report } from './demo/report.ts'
import { roles } from './demo/roles.ts'
import { rotation } from './demo/rotation.ts'
import { signingIn } from './demo/signing-in.ts'
import { thief } from './demo/thief.ts'
import { createApp } from './src/app.ts'
import { listen } from './src/listen.ts'
import { seed } from './src/seed.ts'
import { openStore } from './src/stores.ts'

const CHAPTERS = [signingIn, refreshing, thief, rotation, forgeries, roles]

try {
  const { values } = parseArgs({ options: { store: { type: 'string', default: 'memory' } } })
  process.exitCode = (await tell(values.store, process.env['REDIS_URL'])) ? 0 : 1
} catch (error) {
  console.error(`demo: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
}

/** Answers whether everything was right. */
async function tell(store: string, redisUrl: string | undefined): Promise<boolean> {
  const start = performance.now()
  const report = new Report()
  const clock = fakeClock(Date.now())
  const events = new EventLog()
  const sessions = openStore(store, { url: redisUrl, testClockOffset: () => clock.now() - Date.now() })
  const { app, accounts, tokens, lifecycle } = createApp({ now: clock.now, events: events.sink, sessions })
  await seed(accounts)
  const server = await listen(app, 0, lifecycle)
  console.log(`The quickstart listens on ${server.origin}, sessions in ${store}. Its clock stands still, and is moved by hand.`)

  const device = (name: string): Client => new Client(server.origin, name)
  const nina = device('nina-laptop')
  for (const chapter of CHAPTERS) await chapter({ report, clock, events, tokens, device, nina })
  await server.close()
  if (store === 'redis' && redisUrl !== undefined) await instances(report, redisUrl)

  const allRight = report.right === report.steps
  const seconds = ((performance.now() - start) / 1000).toFixed(1)
  console.log(`\n${paint(allRight ? 'green' : 'red', `${report.steps} steps, ${report.right} right`)} in ${seconds} s`)
  return allRight
}
