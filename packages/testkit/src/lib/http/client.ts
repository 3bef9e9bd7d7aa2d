import { connect, type Socket } from 'node:net'
import { within } from '../within.ts'

/** A connection that sends bytes as they are and keeps those that come back: no client library corrects anything. */
export class RawClient {
  readonly #socket: Socket
  readonly #chunks: Buffer[] = []
  readonly #closed: Promise<void>
  #arrived: () => void = () => {}

  constructor(port: number) {
    this.#socket = connect(port, '127.0.0.1')
    this.#socket.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk)
      this.#arrived()
    })
    this.#closed = new Promise((resolve) => this.#socket.once('close', () => resolve()))
    // A reset is one of the ways in which a connection ends.
    this.#socket.on('error', () => {})
  }

  get received(): string {
    return Buffer.concat(this.#chunks).toString('latin1')
  }

  /** @param bytes - each character one byte */
  send(bytes: string): void {
    this.#socket.write(bytes, 'latin1')
  }

  /** Resolves once the text has arrived. */
  async until(text: string): Promise<void> {
    const arrived = new Promise<void>((resolve) => {
      this.#arrived = () => {
        if (this.received.includes(text)) resolve()
      }
      this.#arrived()
    })
    await within(`the text "${text}"`, arrived)
  }

  /** Resolves once the server has ended the connection. */
  async ended(): Promise<void> {
    await within('the end of the connection', this.#closed)
  }

  /** Goes away without a word. */
  async leave(): Promise<void> {
    this.#socket.resetAndDestroy()
    await this.#closed
  }
}
