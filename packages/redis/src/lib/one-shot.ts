import type { Socket } from 'node:net'
import { Command, type Cluster, type Redis } from 'ioredis'
import { answerOf } from './errors.ts'

/** What stands on the wire in the place of a command that must not be there. */
const PING = '*1\r\n$4\r\nPING\r\n'

/**
 * A command that reaches a server at most once. ioredis sends commands again after a reconnect, on a Cluster also to another node, and
 * sends what it has queued when the caller has long been told that it failed. A script that consumes would consume twice. So this
 * one writes itself once, and a PING whenever it is asked again: the client, which counts answers, notices nothing.
 *
 * An answer that proves that nothing was done (`MOVED`, `ASK`, `TRYAGAIN`, `CLUSTERDOWN`) makes it new: redirections work.
 */
export class OneShot extends Command {
  /** Where it was written last. */
  socket: Socket | undefined
  /** Whether a server may have run it. */
  written = false
  #over = false
  readonly #fail: (error: Error) => void

  /**
   * @param keyPrefix - as the client has it
   * @param buffers - whether texts of the answer stay bytes
   */
  constructor(name: string, args: (string | Buffer)[], keyPrefix = '', buffers = false) {
    super(name, args, { replyEncoding: buffers ? null : 'utf8', keyPrefix })
    this.#fail = this.reject
  }

  /** Sends it, and answers what the server does. */
  through(client: Redis | Cluster): Promise<unknown> {
    const answer = client.sendCommand(this) as Promise<unknown>
    const redirect = this.reject // a Cluster has put itself in the way
    this.reject = (error) => {
      if (answerOf(error) !== undefined) this.written = false
      if (this.written || this.#over) this.#fail(error)
      else redirect.call(this, error)
    }
    return answer
  }

  /** It will not be sent any more. */
  giveUp(): void {
    this.#over = true
  }

  /** Goes to the master, whatever the client does with commands that only read: a replica may lag, and does not know it. */
  toMaster(): this {
    this.getSlot() // is remembered
    this.name = this.name.toUpperCase() // ioredis knows the commands that read by their lower-case names
    return this
  }

  override toWritable(socket: object): string | Buffer {
    if (this.written) this.#fail(new Error('the connection was lost before the answer came'))
    if (this.written || this.#over) return PING
    this.written = true
    const stream = socket as Socket
    this.socket = stream
    // One write for all commands of this turn of the event loop: several times the throughput when many are in flight.
    if (stream.writableCorked === 0) {
      stream.cork()
      process.nextTick(() => stream.uncork())
    }
    return super.toWritable(socket)
  }
}
