import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** Connections that are kept alive, each with one request on the way: the plainest client that there is, so that the server is what is measured. */
export class Load {
  readonly #sockets: readonly Socket[]

  private constructor(sockets: readonly Socket[]) {
    this.#sockets = sockets
  }

  static async open(port: number, connections: number): Promise<Load> {
    const sockets = Array.from({ length: connections }, () => connect(port, '127.0.0.1').setNoDelay())
    await Promise.all(sockets.map((socket) => once(socket, 'connect')))
    return new Load(sockets)
  }

  /**
   * Sends as many requests, in turn, over all connections.
   *
   * @param latenciesUs - gets the time of each
   * @throws Error for an answer that is not 200
   */
  async send(requests: readonly Buffer[], count: number, latenciesUs: number[]): Promise<void> {
    let next = 0
    const lane = (socket: Socket): Promise<void> =>
      new Promise((resolve, reject) => {
        let sentAt = 0n
        let rest = 0
        const send = (): void => {
          if (next >= count) {
            socket.removeAllListeners('data')
            return resolve()
          }
          sentAt = process.hrtime.bigint()
          socket.write(requests[next++ % requests.length] as Buffer)
        }
        socket.on('data', (chunk: Buffer) => {
          if (rest === 0) rest = lengthOf(chunk, reject)
          rest -= chunk.length
          if (rest > 0) return
          latenciesUs.push(Number(process.hrtime.bigint() - sentAt) / 1000)
          send()
        })
        send()
      })
    await Promise.all(this.#sockets.map(lane))
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy()
  }
}

/** Of a whole response. Its head is small, and comes in one piece. */
function lengthOf(chunk: Buffer, reject: (error: Error) => void): number {
  const head = chunk.toString('latin1', 0, chunk.indexOf('\r\n\r\n') + 4)
  if (!head.startsWith('HTTP/1.1 200 ')) reject(new Error(`answered with ${head.slice(9, 12)}`))
  return head.length + Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1])
}
