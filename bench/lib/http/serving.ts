import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { Contestant } from '../race.ts'
import { Load } from './load.ts'
import type { Settings, VariantName } from './variants.ts'

/** A variant in a process of its own, under load from this one. */
export class Serving implements Contestant {
  readonly name: VariantName
  readonly latenciesUs: number[] = []
  readonly #child: ChildProcess
  readonly #load: Load
  readonly #requests: readonly Buffer[]
  readonly #perRound: number

  private constructor(name: VariantName, child: ChildProcess, load: Load, requests: readonly Buffer[], perRound: number) {
    this.name = name
    this.#child = child
    this.#load = load
    this.#requests = requests
    this.#perRound = perRound
  }

  static async start(name: VariantName, settings: Settings, requests: readonly Buffer[], perRound: number): Promise<Serving> {
    const { child, port } = await startServer(name, settings)
    return new Serving(name, child, await Load.open(port, CONNECTIONS), requests, perRound)
  }

  async run(): Promise<number> {
    await this.#load.send(this.#requests, this.#perRound, this.latenciesUs)
    return this.#perRound
  }

  async cpuUs(): Promise<number> {
    this.#child.send({})
    const [answer] = (await once(this.#child, 'message')) as [{ cpuUs: number }]
    return answer.cpuUs
  }

  /** The time within which a share of all answers came. */
  percentileUs(share: number): number {
    const sorted = this.latenciesUs.toSorted((a, b) => a - b)
    return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
  }

  stop(): void {
    this.#load.close()
    this.#child.disconnect()
  }
}

/** How many requests are on the way at once. */
export const CONNECTIONS = 16

/** Starts a variant's process. It ends with this one, or when it is let go. */
export async function startServer(name: VariantName, settings: Settings): Promise<{ child: ChildProcess; port: number }> {
  const child = fork(new URL('./server.ts', import.meta.url), [name], { env: { ...process.env, NODE_ENV: 'production' } })
  child.send({ settings })
  const [message] = (await once(child, 'message')) as [{ port: number }]
  return { child, port: message.port }
}
