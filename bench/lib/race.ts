/** Something that does the same work as others. */
export interface Contestant {
  readonly name: string
  /** Not timed: fresh strings, empty caches. */
  prepare?(): void | Promise<void>
  /** Timed: answers how many operations it did. */
  run(): number | Promise<number>
  /** The processor time used so far, in microseconds, where the work is done by another process. Default: that of this one. */
  cpuUs?(): Promise<number>
}

/** How one contestant did, in microseconds per operation: the median of its rounds. */
export interface Timing {
  readonly wallUs: number
  /** Of all threads: what the work costs a machine that has something else to do. */
  readonly cpuUs: number
}

/**
 * Lets contestants do the same work in turns, in the reverse order in every second round, so that a machine which grows
 * slower or faster meanwhile does so for all of them.
 */
export class Race {
  readonly #contestants: readonly Contestant[]
  readonly #wall = new Map<string, number[]>()
  readonly #cpu = new Map<string, number[]>()

  constructor(contestants: readonly Contestant[]) {
    this.#contestants = contestants
  }

  /** Once through without looking at the clock: compilers and caches. */
  async warmUp(): Promise<void> {
    for (const contestant of this.#contestants) {
      await contestant.prepare?.()
      await contestant.run()
    }
  }

  /** Runs rounds; what earlier ones measured counts on. */
  async rounds(count: number): Promise<void> {
    for (let round = 0; round < count; round++) {
      const order = round % 2 === 0 ? this.#contestants : this.#contestants.toReversed()
      for (const contestant of order) await this.#once(contestant)
    }
  }

  timing(name: string): Timing {
    return { wallUs: median(this.#wall.get(name) ?? []), cpuUs: median(this.#cpu.get(name) ?? []) }
  }

  async #once(contestant: Contestant): Promise<void> {
    await contestant.prepare?.()
    globalThis.gc?.()
    const cpuUs = contestant.cpuUs?.bind(contestant) ?? ownCpuUs
    const cpuBefore = await cpuUs()
    const before = process.hrtime.bigint()
    const operations = await contestant.run()
    const wallUs = Number(process.hrtime.bigint() - before) / 1000
    push(this.#cpu, contestant.name, ((await cpuUs()) - cpuBefore) / operations)
    push(this.#wall, contestant.name, wallUs / operations)
  }
}

/** At least five, whatever is asked for. */
const ROUNDS = 7

/**
 * Runs a race. Where a goal was missed it runs as many rounds again, twice at most, and all rounds count: a neighbour of
 * the machine disturbs some of them, a regression all.
 */
export async function race(contestants: readonly Contestant[], reached: (race: Race) => boolean = () => true): Promise<Race> {
  const running = new Race(contestants)
  await running.warmUp()
  for (let attempt = 0; attempt < 3; attempt++) {
    await running.rounds(ROUNDS)
    if (reached(running)) break
  }
  return running
}

function ownCpuUs(): number {
  const { user, system } = process.cpuUsage()
  return user + system
}

/** The middle one. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? Number.NaN)
    : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2
}

function push(into: Map<string, number[]>, name: string, value: number): void {
  const values = into.get(name)
  if (values === undefined) into.set(name, [value])
  else values.push(value)
}
