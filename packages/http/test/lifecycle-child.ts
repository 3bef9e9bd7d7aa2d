import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Agent, get, type IncomingMessage } from 'node:http'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

const SCRIPT = fileURLToPath(new URL('./scripts/lifecycle-app.ts', import.meta.url))

/** What an application has said on a line. */
type Line = Readonly<Record<string, unknown>>

/** An application in a process of its own. */
export interface AppProcess {
  readonly port: number
  /** What it has said so far, the port excepted. */
  readonly lines: readonly Line[]
  /** Resolves once it has said a line with all of this. */
  said(wanted: Line): Promise<void>
  kill(signal: NodeJS.Signals): void
  /** Its exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>
}

/** Starts `scripts/lifecycle-app.ts`. It does not outlive the test. */
export async function startApp(host: string, ending: string, options: object = {}): Promise<AppProcess> {
  const child = spawn(process.execPath, [SCRIPT, host, ending, JSON.stringify(options)], {
    env: { ...process.env, NODE_NO_WARNINGS: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | string)
  onTestFinished(() => void child.kill('SIGKILL'))
  const lines: Line[] = []
  let changed = (): void => {}
  createInterface(child.stdout).on('line', (line) => {
    lines.push(JSON.parse(line) as Line)
    changed()
  })
  const said = async (wanted: Line): Promise<void> => {
    const matches = (line: Line): boolean => Object.entries(wanted).every(([name, value]) => line[name] === value)
    while (!lines.some(matches)) await new Promise<void>((resolve) => (changed = resolve))
  }
  while (!lines.some((line) => 'port' in line)) await new Promise<void>((resolve) => (changed = resolve))
  const port = lines.find((line) => 'port' in line)?.['port'] as number
  return { port, lines, said, ended, kill: (signal) => void child.kill(signal) }
}

/** What became of the requests of many clients. */
export interface Load {
  answered: number
  /** Clients that found nobody listening, before they sent anything. */
  refused: number
  /** What happened to requests that were sent and had no whole response. */
  readonly lost: string[]
  /** Resolves when so many were answered. */
  reached(count: number): Promise<void>
  /** Resolves when every client has been refused, or has lost a request. */
  readonly over: Promise<void>
}

/** Clients that each keep a connection and send one request after the other, half of them with a pause between. */
export function startLoad(port: number, clients: number): Load {
  let changed = (): void => {}
  const load: Load = {
    answered: 0,
    refused: 0,
    lost: [],
    async reached(count) {
      while (load.answered < count) await new Promise<void>((resolve) => (changed = resolve))
    },
    over: Promise.resolve(),
  }
  const client = async (index: number): Promise<void> => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    for (;;) {
      try {
        const answer = await ask(port, '/work', agent)
        if (answer.status === 200 && answer.body.length === 4_000) load.answered++
        else load.lost.push(`${answer.status}, ${answer.body.length} bytes`)
        changed()
      } catch (error) {
        const { code, message } = error as NodeJS.ErrnoException
        if (code === 'ECONNREFUSED') load.refused++
        else load.lost.push(`${code}: ${message}`)
        return agent.destroy()
      }
      if (index % 2 === 0) await wait(index * 3)
    }
  }
  return Object.assign(load, { over: Promise.all(Array.from({ length: clients }, (_, i) => client(i))).then(() => {}) })
}

/** Sends one request. Rejects unless the whole response has come. */
export async function ask(
  port: number,
  path: string,
  agent?: Agent,
): Promise<{ status: number; body: string; connection: unknown }> {
  const request = get({ host: '127.0.0.1', port, path, agent })
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  return { status: response.statusCode ?? 0, body: await text(response), connection: response.headers.connection }
}
