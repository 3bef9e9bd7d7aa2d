import { randomInt } from 'node:crypto'
import type { Redis } from 'ioredis'
import { isCluster, type Link } from './link.ts'
import type { SubscriptionHandlers } from './port.ts'

/** What the client was told about its commands is of no use here: this connection has one purpose, and is thrown away when it breaks. */
const CONNECTION = {
  autoResubscribe: false,
  commandTimeout: undefined,
  enableOfflineQueue: false,
  keyPrefix: '',
  lazyConnect: true,
  maxRetriesPerRequest: 0,
  readOnly: false,
  retryStrategy: () => null,
}

const RETRY_MS = 50
const RETRY_AT_MOST_MS = 2_000

/**
 * All subscriptions of a client, on one connection. In a Cluster it goes to any node: what is published on one reaches all
 * (sharded channels would need Redis 7 and a connection for each shard). Whenever it breaks, another one is made, to another node if there
 * is one, and everybody is told that messages may be missing.
 */
export class Subscriptions {
  /** What handlers have thrown. */
  thrown = 0
  readonly #link: Link
  readonly #heartbeatMs: number
  readonly #channels = new Map<string, Set<SubscriptionHandlers>>()
  #connection: Redis | undefined
  #standing = false
  #attempts = 0
  /** Whether the connection owes an answer: to its making, or to the last heartbeat. */
  #owing = false
  #retry: NodeJS.Timeout | undefined
  #beat: NodeJS.Timeout | undefined

  constructor(link: Link, heartbeatMs: number) {
    this.#link = link
    this.#heartbeatMs = heartbeatMs
  }

  /** How many there are. */
  get count(): number {
    let count = 0
    for (const handlers of this.#channels.values()) count += handlers.size
    return count
  }

  /** Adds one, and answers how it is removed. */
  add(channel: string, on: SubscriptionHandlers): () => void {
    const one: SubscriptionHandlers = { message: (message) => on.message(message), gap: () => on.gap() }
    const others = this.#channels.get(channel)
    this.#channels.set(channel, (others ?? new Set()).add(one))
    if (this.#connection === undefined && this.#retry === undefined) this.#connect()
    else if (this.#standing) this.#join(channel, one)
    return () => this.#remove(channel, one)
  }

  /** Ends all. */
  close(): void {
    this.#channels.clear()
    this.#disconnect()
  }

  #connect(): void {
    this.#retry = undefined
    const connection = this.#dial()
    if (connection === undefined) return this.#again()
    this.#connection = connection
    this.#owing = true
    this.#beat = setInterval(() => this.#ask(connection), this.#heartbeatMs).unref()
    connection.on('error', () => {}) // its end is what counts
    connection.on('end', () => this.#lost(connection))
    connection.on('ready', () => void this.#stand(connection))
    connection.on('messageBuffer', (channel: Buffer, message: Buffer) => this.#deliver(connection, channel, message))
    connection.connect().catch(() => {})
  }

  #dial(): Redis | undefined {
    const { client } = this.#link
    if (!isCluster(client)) return client.duplicate(CONNECTION)
    if (client.status === 'wait') client.connect().catch(() => {}) // its nodes are known once it is connected
    const nodes = client.nodes()
    return nodes[randomInt(Math.max(1, nodes.length))]?.duplicate(CONNECTION)
  }

  async #stand(connection: Redis): Promise<void> {
    try {
      const channels = [...this.#channels.keys()]
      if (channels.length > 0) await connection.subscribe(...channels)
      if (connection !== this.#connection) return
      this.#standing = true
      this.#owing = false
      this.#attempts = 0
      // Who came while the answer was on its way.
      for (const [channel, handlers] of this.#channels) {
        if (channels.includes(channel)) for (const one of handlers) this.#tell(() => one.gap())
        else for (const one of handlers) this.#join(channel, one)
      }
    } catch {
      this.#lost(connection)
    }
  }

  #join(channel: string, one: SubscriptionHandlers): void {
    const connection = this.#connection
    connection?.subscribe(channel).then(
      () => {
        if (connection === this.#connection && this.#has(channel, one)) this.#tell(() => one.gap())
      },
      () => this.#lost(connection),
    )
  }

  #remove(channel: string, one: SubscriptionHandlers): void {
    const handlers = this.#channels.get(channel)
    if (handlers === undefined || !handlers.delete(one) || handlers.size > 0) return
    this.#channels.delete(channel)
    if (this.#channels.size === 0) return this.#disconnect()
    if (this.#standing) this.#connection?.unsubscribe(channel).catch(() => {})
  }

  /** A server that hangs keeps the connection and says nothing, like one that has nothing to say. */
  #ask(connection: Redis): void {
    if (connection !== this.#connection) return
    if (this.#owing) return this.#lost(connection)
    this.#owing = true
    connection.ping().then(
      () => {
        if (connection === this.#connection) this.#owing = false
      },
      () => this.#lost(connection),
    )
  }

  #lost(connection: Redis | undefined): void {
    if (connection === undefined || connection !== this.#connection) return
    const stood = this.#standing
    this.#disconnect()
    if (this.#channels.size === 0) return
    this.#again()
    if (stood) for (const handlers of this.#channels.values()) for (const one of handlers) this.#tell(() => one.gap())
  }

  #again(): void {
    const delay = Math.min(RETRY_AT_MOST_MS, RETRY_MS * 2 ** this.#attempts++)
    this.#retry = setTimeout(() => this.#connect(), delay / 2 + randomInt(delay / 2)).unref()
  }

  #disconnect(): void {
    clearTimeout(this.#retry)
    clearInterval(this.#beat)
    this.#retry = undefined
    const connection = this.#connection
    this.#connection = undefined
    this.#standing = false
    connection?.disconnect()
    connection?.stream?.destroy() // a server that hangs would not answer the good-bye
  }

  #deliver(connection: Redis, channel: Buffer, message: Buffer): void {
    if (connection !== this.#connection) return
    for (const one of this.#channels.get(channel.toString()) ?? []) this.#tell(() => one.message(message))
  }

  #has(channel: string, one: SubscriptionHandlers): boolean {
    return this.#channels.get(channel)?.has(one) ?? false
  }

  #tell(what: () => void): void {
    try {
      const pending: unknown = what()
      // A handler that is asynchronous after all rejects as loudly.
      if (pending !== undefined) Promise.resolve(pending).catch(() => this.thrown++)
    } catch {
      this.thrown++
    }
  }
}
