import { spawn, spawnSync, type ChildProcess, type SpawnOptions } from 'node:child_process'
import type { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import { within } from '../within.ts'
import { family, isStopped } from './family.ts'
import { until } from './until.ts'

const LEASH = ['setpriv', '--pdeathsig', 'KILL', '--'] as const
/** Whether this machine has that program is asked once. */
const known: { leash?: readonly string[] } = {}
const alive = new Set<Child>()

/** A process under the hand of a test, with all that it starts itself. It does not outlive this process, nor keep it. */
export class Child {
  readonly pid: number
  readonly #process: ChildProcess
  readonly #exited: Promise<void>
  #hung = false
  #said = ''
  #changed: () => void = () => {}

  constructor(child: ChildProcess) {
    if (child.pid === undefined) throw new Error(`${child.spawnfile} cannot be started`)
    this.pid = child.pid
    this.#process = child
    this.#exited = new Promise((resolve) => child.once('exit', () => resolve()))
    child.once('exit', () => forget(this))
    child.once('close', () => this.#changed())
    child.unref()
    for (const stream of [child.stdout, child.stderr]) if (stream) this.#read(stream)
    remember(this)
  }

  /** Whether it runs, be it hung. */
  get running(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null
  }

  /** Whether it runs and was not told to hang. */
  get answering(): boolean {
    return this.running && !this.#hung
  }

  /** The last that it wrote. */
  get said(): string {
    return this.#said
  }

  /** Resolves once it has written a line like this. */
  async says(line: RegExp): Promise<void> {
    const said = new Promise<void>((resolve, reject) => {
      this.#changed = () => {
        if (line.test(this.#said)) resolve()
        else if (!this.running) reject(new Error(`${this.#process.spawnargs.join(' ')} has ended: ${this.#said}`))
      }
      this.#changed()
    })
    await within(`"${line.source}"`, said, 15_000)
  }

  /** Asks it to end, and kills it when it has not within five seconds. */
  async stop(signal: NodeJS.Signals): Promise<void> {
    if (!this.running) return
    send(this.pid, signal)
    this.resume() // what hangs hears nothing
    await within('the end', this.#exited).catch(() => this.kill())
  }

  /** Ends it and all that it started, at once. */
  async kill(): Promise<void> {
    this.killNow()
    await within('the end', this.#exited)
  }

  /** As {@link kill}, without waiting: all that can be done when this process ends. */
  killNow(): void {
    if (!this.running) return
    send(this.pid, 'SIGSTOP') // it starts no others while the list is made
    for (const pid of family(this.pid)) send(pid, 'SIGKILL')
  }

  /** Lets it stand still with all that it started: connections stay open, and nothing is answered. */
  async hang(): Promise<void> {
    this.#hung = true
    await standStill(this.pid)
    await Promise.all(family(this.pid).map(standStill))
  }

  /** Lets it go on. */
  resume(): void {
    this.#hung = false
    if (this.running) for (const pid of family(this.pid)) send(pid, 'SIGCONT')
  }

  /** To the end, or a server that says much would stand still when the pipe is full. */
  #read(stream: Readable): void {
    stream.on('data', (chunk: Buffer) => {
      this.#said = (this.#said + chunk.toString()).slice(-8_000)
      this.#changed()
    })
    ;(stream as Socket).unref()
  }
}

/** Starts a command that ends with this process, also when this process is killed (on Linux, where setpriv is). */
export function startChild(command: readonly [string, ...string[]], options: SpawnOptions): Child {
  const [file, ...args] = leashed(command)
  return new Child(spawn(file, args, options))
}

/** The same command, killed by the kernel when the thread that started it ends. */
export function leashed(command: readonly [string, ...string[]]): [string, ...string[]] {
  known.leash ??= spawnSync(LEASH[0], [...LEASH.slice(1), 'true']).status === 0 ? LEASH : []
  const [file = '', ...args] = [...known.leash, ...command]
  return [file, ...args]
}

async function standStill(pid: number): Promise<void> {
  send(pid, 'SIGSTOP')
  await until(`process ${pid} standing still`, async () => isStopped(pid) || undefined)
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It has gone by itself.
  }
}

function remember(child: Child): void {
  // Before their folders are removed.
  if (alive.size === 0) process.prependListener('exit', killAll)
  alive.add(child)
}

function forget(child: Child): void {
  alive.delete(child)
  if (alive.size === 0) process.off('exit', killAll)
}

function killAll(): void {
  for (const child of alive) child.killNow()
}
