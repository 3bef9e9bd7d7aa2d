import type { Socket } from 'node:net'
import { answerOf, Late } from './errors.ts'
import { inTime, type Deadline } from './deadline.ts'
import { readInfo } from './info.ts'
import { isCluster, Link } from './link.ts'
import { OneShot } from './one-shot.ts'
import { runScript, type ScriptCall } from './run-script.ts'

/** How long it is believed how many replicas there are. */
const REPLICAS_MS = 1_000

/** A script's answer, and the number of replicas that will have got it. */
interface Written {
  readonly value: unknown
  readonly acked: Promise<number | undefined>
}

interface Job {
  readonly call: ScriptCall
  readonly acks: number
  readonly deadlineMs: number
  readonly deadline: Deadline
  readonly done: (written: Written | Promise<never>) => void
}

/**
 * Runs scripts whose writes should be on replicas. `WAIT` speaks of the writes of its own connection and blocks it, so scripts and
 * `WAIT` share one that nobody else uses. What arrives while a `WAIT` is on its way stays here, and goes together after it with one
 * `WAIT` for all: a replica that lags slows calls down by a third of their deadline, and fails none.
 */
export class Acks {
  readonly #main: Link
  #link: Link | undefined
  readonly #lanes = new Map<string, Job[]>()
  readonly #replicas = new WeakMap<Socket, { readonly count: number; readonly at: number }>()

  constructor(main: Link) {
    this.#main = main
  }

  /** Runs the script, in its turn. Resolves when it has run; its writes may still be on their way. */
  run(call: ScriptCall, acks: number, deadlineMs: number, deadline: Deadline): Promise<Written> {
    const link = (this.#link ??= new Link(duplicate(this.#main)))
    return new Promise((done) => {
      const job: Job = { call, acks, deadlineMs, deadline, done }
      const lane = this.#main.nodeOf(call.command)
      const waiting = this.#lanes.get(lane)
      if (waiting !== undefined) return void waiting.push(job)
      this.#lanes.set(lane, [])
      void this.#serve(lane, link, [job])
    })
  }

  /** Ends the connection. */
  close(): void {
    this.#link?.detach()
    this.#link?.client.disconnect()
  }

  async #serve(lane: string, link: Link, first: readonly Job[]): Promise<void> {
    for (let jobs = first; jobs.length > 0; jobs = this.#lanes.get(lane)?.splice(0) ?? []) {
      const writes = new Map<Socket, Job[]>()
      const acked = Promise.withResolvers<ReadonlyMap<Socket, number | undefined>>()
      await Promise.all(
        jobs.map(async (job) => {
          try {
            if (job.deadline.over) throw new Late()
            // A deadline of its own: one that never gets an answer must not hold up those behind it.
            const left = Math.max(1, job.deadline.left())
            const value = await inTime(left, (deadline) => runScript(job.call, link, deadline))
            const socket = job.call.command.socket
            if (socket !== undefined) writes.set(socket, [...(writes.get(socket) ?? []), job])
            job.done({ value, acked: acked.promise.then((counts) => (socket && counts.has(socket) ? counts.get(socket) : 0)) })
          } catch (error) {
            if (answerOf(error) === undefined) link.lost()
            job.done(Promise.reject(error instanceof Error ? error : new Error('unknown')))
          }
        }),
      )
      const counts = [...writes].map(async ([socket, of]) => [socket, await this.#wait(link, socket, of)] as const)
      acked.resolve(new Map(await Promise.all(counts)))
    }
    this.#lanes.delete(lane)
  }

  /** How many replicas have what these jobs wrote: `undefined` if there are none, 0 if nobody knows. */
  async #wait(link: Link, socket: Socket, jobs: readonly Job[]): Promise<number | undefined> {
    const limitMs = Math.max(1, Math.floor(Math.min(...jobs.map(({ deadlineMs }) => deadlineMs / 3))))
    try {
      return await inTime(2 * limitMs, async (deadline) => {
        const node = (await link.masters(deadline)).find(({ stream }) => stream === socket)
        if (node === undefined) return 0 // the connection is another one by now, and knows nothing of these writes
        const ask = (name: string, ...args: string[]): Promise<unknown> => link.sendTo(node, new OneShot(name, args), deadline)
        const known = this.#replicas.get(socket)
        const now = performance.now()
        const fresh = known !== undefined && now - known.at < REPLICAS_MS
        const count = fresh ? known.count : Number(readInfo(await ask('info', 'replication'))['connected_slaves'])
        if (!fresh) this.#replicas.set(socket, { count, at: now })
        if (count === 0) return undefined
        const wanted = Math.min(count, Math.max(...jobs.map(({ acks }) => acks)))
        const got = Number(await ask('wait', `${wanted}`, `${limitMs}`))
        if (got < wanted) this.#replicas.delete(socket)
        return got
      })
    } catch {
      return 0 // the script has run: that nobody knows how far its writes came is an answer
    }
  }
}

function duplicate({ client }: Link): Link['client'] {
  if (!isCluster(client)) return client.duplicate({ commandTimeout: undefined })
  return client.duplicate([], { redisOptions: { commandTimeout: undefined } })
}
