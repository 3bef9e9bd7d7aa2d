import { spawn, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { SEED_PASSWORD } from '../src/seed.ts'
import { Client } from './client.ts'
import type { Report } from './report.ts'

/** A line of the server's log. */
interface Logged {
  readonly name: string
  readonly pid: number
}

/** Two processes of the quickstart behind one address, with their sessions in Redis. */
export async function instances(report: Report, redisUrl: string): Promise<void> {
  await report.step('Two processes behind one address share the sessions', async (step) => {
    const server = new Server(redisUrl)
    try {
      const origin = await server.listening()
      step.did(`two processes listen on ${origin}; their clock is the real one`)
      await signedOut(origin) // of an earlier run: Redis has forgotten nothing
      const ben = new Client(origin, 'ben-laptop')
      const phone = new Client(origin, 'ben-phone')
      for (const client of [ben, phone]) await step.ask(client, 'POST /auth/login', { username: 'ben', password: SEED_PASSWORD })
      const statuses = await Promise.all(
        Array.from({ length: 20 }, async () => (await ben.copy().send('POST /auth/refresh')).status),
      )
      step.check(
        `${statuses.length} refreshes at once, to both of them, all answered`,
        statuses.every((status) => status === 200),
      )
      const pids = new Set(server.log.filter(({ name }) => name === 'session_renewed').map(({ pid }) => pid))
      step.check('each of the two has renewed the session', pids.size === 2)
      const { body } = await step.ask(ben, 'GET /auth/sessions')
      step.check('it is one session still, beside that of the phone', (body['sessions'] as readonly unknown[]).length === 2)
      await step.ask(ben, 'POST /auth/logout-all')
      const still = await untilRefused(phone)
      step.check(`both refuse his other device's access token; ${still} requests were faster than the news`, still < 100)
    } finally {
      await server.stop()
    }
  })
}

async function signedOut(origin: string): Promise<void> {
  const client = new Client(origin, 'ben')
  await client.send('POST /auth/login', { username: 'ben', password: SEED_PASSWORD })
  await client.send('POST /auth/logout-all')
}

/** How often it was still accepted: a message to another process takes its time. Ten refusals in a row have come from both. */
async function untilRefused(client: Client): Promise<number> {
  let accepted = 0
  for (let refusals = 0; refusals < 10 && accepted < 100;) {
    const { status } = await client.copy().send('GET /me')
    if (status === 401) refusals++
    else [refusals, accepted] = [0, accepted + 1]
  }
  return accepted
}

/** The quickstart as its own command starts it. */
class Server {
  readonly log: Logged[] = []
  readonly #child: ChildProcess
  readonly #origin: Promise<string>

  constructor(redisUrl: string) {
    const env = {
      ...process.env,
      STORE: 'redis',
      REDIS_URL: redisUrl,
      INSTANCES: '2',
      PORT: '0',
      SEED: '1',
      NODE_NO_WARNINGS: '1',
    }
    this.#child = spawn(process.execPath, [join(import.meta.dirname, '../src/server.ts')], {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.#origin = new Promise((resolve, reject) => {
      this.#child.once('exit', () => reject(new Error('the two processes did not start')))
      createInterface({ input: this.#child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
        if (line.startsWith('{')) this.log.push(JSON.parse(line) as Logged)
        else resolve(line.replace('listening on ', ''))
      })
    })
  }

  listening(): Promise<string> {
    return this.#origin
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return
    const ended = new Promise((resolve) => this.#child.once('exit', resolve))
    this.#child.kill('SIGTERM')
    await ended
  }
}
