import type { Socket } from 'node:net'
import type { Cluster, Redis } from 'ioredis'
import type { Deadline } from './deadline.ts'
import { Late } from './errors.ts'
import type { OneShot } from './one-shot.ts'

/** Topology is asked for, and a demoted master left, at most this often. */
const PAUSE_MS = 1_000
/** A server that is only busy says something within this time. */
const SILENCE_MS = 1_000

interface Waiter {
  readonly go: () => void
  readonly fail: (error: Error) => void
}

/** A client, and what there is to know about its connections. */
export class Link {
  readonly client: Redis | Cluster
  readonly keyPrefix: string
  /** The last error of the connection, for whoever is told that there is none. */
  lastError: Error | undefined
  /** Connections that were dropped since nothing came over them, or since their server had become a replica. */
  dropped = 0
  readonly #waiters = new Set<Waiter>()
  readonly #silence = new WeakMap<Socket, { readonly received: number; readonly since: number }>()
  #troubleAt = Number.NEGATIVE_INFINITY

  constructor(client: Redis | Cluster) {
    this.client = client
    this.keyPrefix = client.options.keyPrefix ?? ''
    client.on('ready', this.#onReady)
    client.on('end', this.#onEnd)
    client.on('error', this.#onError)
  }

  /** Leaves the client as it was found. */
  detach(): void {
    this.client.off('ready', this.#onReady)
    this.client.off('end', this.#onEnd)
    this.client.off('error', this.#onError)
    this.#onEnd()
  }

  /** The node that serves a command's keys: empty unless this is a Cluster that is connected. */
  nodeOf(command: OneShot): string {
    if (!isCluster(this.client)) return ''
    return this.client.slots[command.getSlot()]?.[0] ?? ''
  }

  /** The names that {@link nodeOf} gives now. */
  nodeNames(): readonly string[] {
    if (!isCluster(this.client) || this.client.status !== 'ready') return ['']
    return this.client.nodes('master').map(nameOf)
  }

  /** The servers that own the data, once they are known. */
  async masters(deadline: Deadline): Promise<readonly Redis[]> {
    if (this.client.status !== 'ready') await this.#ready(deadline)
    return isCluster(this.client) ? this.client.nodes('master') : [this.client]
  }

  /** Sends a command when there is a connection; not at all if that comes too late. */
  send(command: OneShot, deadline: Deadline): Promise<unknown> {
    if (this.client.status === 'ready') return this.sendTo(this.client, command, deadline)
    return this.#ready(deadline).then(() => this.sendTo(this.client, command, deadline))
  }

  /** Sends a command to one of the {@link masters}. */
  sendTo(client: Redis | Cluster, command: OneShot, deadline: Deadline): Promise<unknown> {
    if (deadline.over) return Promise.reject(new Late())
    deadline.onEnd(() => command.giveUp())
    return command.through(client)
  }

  /** The answer to a command did not come, or the connection broke: in a Cluster others may serve its keys now. */
  lost(): void {
    if (!isCluster(this.client) || this.client.status !== 'ready' || !this.#mayAct()) return
    // ioredis asks by itself when a node redirects it, but a node that hangs does not.
    this.client.refreshSlotsCache()
  }

  /**
   * A command that was sent was not answered. A server that hangs keeps its connections, and so does one that was cut off: Sentinel may
   * have another master by now, and ioredis would never ask. If nothing at all came for a while, the connection is dropped.
   */
  silent(socket: Socket): void {
    const [received, now] = [socket.bytesRead, performance.now()]
    const before = this.#silence.get(socket)
    if (before?.received !== received) this.#silence.set(socket, { received, since: now })
    else if (now - before.since >= SILENCE_MS) this.#drop(socket)
  }

  /** The server takes no writes: it was master when this connection was made. */
  demoted(socket: Socket): void {
    if (this.#mayAct()) this.#drop(socket)
  }

  readonly #onReady = (): void => {
    this.lastError = undefined
    for (const waiter of this.#waiters) waiter.go()
    this.#waiters.clear()
  }

  readonly #onEnd = (): void => {
    for (const waiter of this.#waiters) waiter.fail(this.#noConnection())
    this.#waiters.clear()
  }

  readonly #onError = (error: Error): void => {
    this.lastError = error
  }

  /** Waits for the connection by ourselves: the client's own queue would send what nobody waits for any more. */
  async #ready(deadline: Deadline): Promise<void> {
    if (this.client.status === 'wait') this.client.connect().catch(() => {})
    if (this.client.status === 'end') throw this.#noConnection()
    await new Promise<void>((go, fail) => {
      const waiter = { go, fail }
      this.#waiters.add(waiter)
      deadline.onEnd(() => this.#waiters.delete(waiter))
    })
  }

  #noConnection(): Error {
    return new Error(this.lastError?.message ?? 'the client was closed')
  }

  #drop(socket: Socket): void {
    if (socket.destroyed) return
    this.dropped++
    socket.destroy()
  }

  #mayAct(): boolean {
    const now = performance.now()
    if (now - this.#troubleAt < PAUSE_MS) return false
    this.#troubleAt = now
    return true
  }
}

/** Whether a client is one for a Cluster. */
export function isCluster(client: Redis | Cluster): client is Cluster {
  return client.isCluster
}

/** A node as {@link Link.nodeOf} names it. */
export function nameOf(node: Redis): string {
  return `${node.options.host ?? ''}:${node.options.port ?? ''}`
}
