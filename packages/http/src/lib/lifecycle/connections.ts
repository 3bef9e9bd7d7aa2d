import { Server as HttpServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Http2SecureServer, Http2Server, ServerHttp2Session, ServerHttp2Stream } from 'node:http2'
import { Server as HttpsServer } from 'node:https'
import { Server as NetServer, type Socket } from 'node:net'
import { Server as TlsServer, type TLSSocket } from 'node:tls'
import type { After } from './timers.ts'

/** A server of Node, of any of its HTTP modules. */
export type AnyServer = HttpServer | HttpsServer | Http2Server | Http2SecureServer

/** A connection that speaks HTTP/1. */
interface Http1 {
  readonly socket: Socket
  /** Requests without a whole response. */
  active: number
  /** What had come when it last had nothing to do: more means that a request is on its way. */
  readAtRest: number
  /** No longer HTTP: a WebSocket or a tunnel. Its owner ends it, told by `onDrain`. */
  taken: boolean
  /** What was told to say last that the connection ends: until another request came after it on the same one. */
  announced: ServerResponse | undefined
  cancel: () => void
}

/** What only some servers listen to; our own listener alone would change what Node does. */
const WITH_RESPONSE = ['checkContinue', 'checkExpectation']
const TAKING = ['upgrade', 'connect']

/** Says to the other end of HTTP/2 that we end, and still takes what it has sent (RFC 9113, section 6.8). */
const NO_LAST_STREAM = 2 ** 31 - 1

/** The connections of a server, so that it can end without losing a request. */
export class Connections {
  readonly #server: AnyServer
  readonly #after: After
  readonly #sockets = new Set<Socket>()
  readonly #http1 = new Map<Socket, Http1>()
  readonly #responses = new Map<ServerResponse, Http1>()
  readonly #sessions = new Set<ServerHttp2Session>()
  readonly #tapped = new Set<string>()
  /** One listener for every response, since each would cost each request. */
  readonly #finish: (this: ServerResponse) => void
  #streams = 0
  #idleMs: number | undefined

  constructor(server: AnyServer, after: After) {
    this.#server = server
    this.#after = after
    const over = (response: ServerResponse): void => this.#over(response)
    this.#finish = function () {
      over(this)
    }
    const events: NetServer = server
    const tls = server instanceof TlsServer
    const http2 = !(server instanceof HttpServer || server instanceof HttpsServer)
    events.prependListener('connection', (socket) => {
      this.#keep(socket)
      if (!tls && !http2) this.#follow(socket)
    })
    events.prependListener('secureConnection', (socket: TLSSocket) => {
      if (socket.alpnProtocol !== 'h2') this.#follow(socket)
    })
    if (http2) {
      events.prependListener('session', (session: ServerHttp2Session) => this.#meet(session))
      events.prependListener('stream', (stream: ServerHttp2Stream) => {
        this.#streams++
        stream.once('close', () => this.#streams--)
      })
    }
    // A listener for requests would turn on the compatibility API of an HTTP/2 server that does without.
    if (!http2 || server.listenerCount('request') > 0) events.prependListener('request', this.#begin)
    events.on('newListener', (event: string) => this.#tap(event))
    for (const event of [...WITH_RESPONSE, ...TAKING]) if (server.listenerCount(event) > 0) this.#tap(event)
  }

  /** Requests without a whole response. */
  get inFlight(): number {
    return this.#responses.size + this.#streams
  }

  /** Connections that are open. */
  get open(): number {
    return this.#sockets.size
  }

  /**
   * Takes no new connections, and ends those that there are once the other end knows: every response says so from now on.
   * One without a request stays for a while, since its client may be sending in this moment, and a request that meets a
   * closed connection is lost. Resolves when the last has gone.
   */
  async drain(idleMs: number): Promise<void> {
    this.#idleMs = idleMs
    for (const [response, connection] of this.#responses) announce(connection, response)
    for (const session of this.#sessions) this.#farewell(session)
    for (const connection of this.#http1.values()) if (connection.active === 0) this.#rest(connection)
    // Not the close() of HTTP servers: theirs ends idle connections at once, which is that loss.
    await new Promise<void>((resolve) => NetServer.prototype.close.call(this.#server, () => resolve()))
  }

  /** Ends what is left, and answers how many requests that left without a whole response. */
  cut(): number {
    const cut = this.inFlight
    for (const socket of this.#sockets) socket.destroy()
    // Those of before `attach`, of which only Node knows.
    if ('closeAllConnections' in this.#server) this.#server.closeAllConnections()
    this.#server.close(() => {}) // for what Node's own close() clears; it may say that it is closed already
    return cut
  }

  readonly #begin = (request: IncomingMessage, response: ServerResponse): void => {
    if (request.httpVersionMajor > 1) return // is a stream
    const connection = this.#follow(request.socket)
    connection.active++
    this.#responses.set(response, connection)
    if (this.#idleMs !== undefined) announce(connection, response)
    response.on('close', this.#finish)
  }

  #over(response: ServerResponse): void {
    const connection = this.#responses.get(response)
    if (connection === undefined) return
    this.#responses.delete(response)
    if (--connection.active === 0) this.#rest(connection)
  }

  #tap(event: string): void {
    const ours = WITH_RESPONSE.includes(event) ? this.#begin : TAKING.includes(event) ? this.#take : undefined
    if (ours === undefined || this.#tapped.has(event)) return
    this.#tapped.add(event)
    const events: NetServer = this.#server
    events.prependListener(event, ours)
  }

  readonly #take = (request: IncomingMessage): void => {
    this.#follow(request.socket).taken = true
  }

  #keep(socket: Socket): void {
    if (this.#sockets.has(socket)) return
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
  }

  /** Also one that was there before us. */
  #follow(socket: Socket): Http1 {
    const known = this.#http1.get(socket)
    if (known !== undefined) return known
    const connection: Http1 = { socket, active: 0, readAtRest: 0, taken: false, announced: undefined, cancel: () => {} }
    this.#http1.set(socket, connection)
    socket.once('close', () => {
      connection.cancel()
      this.#http1.delete(socket)
    })
    if (!(this.#server instanceof TlsServer)) this.#keep(socket)
    if (this.#idleMs !== undefined) this.#rest(connection)
    return connection
  }

  #rest(connection: Http1): void {
    const { socket } = connection
    connection.readAtRest = socket.bytesRead
    connection.cancel()
    if (this.#idleMs === undefined || socket.destroyed) return
    connection.cancel = this.#after(this.#idleMs, () => {
      const resting = connection.active === 0 && socket.bytesRead === connection.readAtRest
      if (resting && !connection.taken) socket.destroySoon()
    })
  }

  #meet(session: ServerHttp2Session): void {
    this.#sessions.add(session)
    session.once('close', () => this.#sessions.delete(session))
    if (this.#idleMs !== undefined) this.#farewell(session)
  }

  #farewell(session: ServerHttp2Session): void {
    session.goaway(0, NO_LAST_STREAM)
    const cancel = this.#after(this.#idleMs ?? 0, () => session.close())
    session.once('close', cancel)
  }
}

/**
 * `connection: close`, unless the head has gone. Not as a header of the application's: what clears those for an error
 * page must not clear this. Of requests that were sent without waiting, only the last says so: what comes after it is not answered.
 */
function announce(connection: Http1, response: ServerResponse): void {
  const { announced } = connection
  if (announced !== undefined && !announced.headersSent) announced.shouldKeepAlive = true
  connection.announced = undefined
  if (response.headersSent || !response.shouldKeepAlive) return
  response.shouldKeepAlive = false
  connection.announced = response
}
