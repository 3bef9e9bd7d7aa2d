import type { Child } from './child.ts'
import { makeFolder, removeFolder } from './folder.ts'

/** A server on a port of 127.0.0.1 that a test starts, hangs, kills and starts again. */
export abstract class Server {
  readonly host = '127.0.0.1'
  readonly port: number
  #child: Child | undefined
  #folder: string | undefined

  constructor(port: number) {
    this.port = port
  }

  /** The number of its process, the last one if it does not run. */
  get pid(): number {
    if (!this.#child) throw new Error('the server was never started')
    return this.#child.pid
  }

  /** Whether it runs and was not told to hang. */
  get answering(): boolean {
    return this.#child?.answering ?? false
  }

  /**
   * Starts it on its port, again after {@link kill}, where it finds what it had on disk, or after {@link stop}, where there is
   * nothing. Resolves when it takes connections.
   */
  async start(): Promise<void> {
    if (!this.#child?.running) this.#child = await this.launch()
  }

  /** Ends it orderly, and removes all that it has kept. */
  async stop(): Promise<void> {
    await this.#child?.stop(this.stopSignal)
    if (this.#folder !== undefined) await removeFolder(this.#folder)
    this.#folder = undefined
  }

  /** Ends it at once (SIGKILL): what it has on disk stays as it is, and connections are reset. */
  async kill(): Promise<void> {
    await this.#child?.kill()
  }

  /** Ends it orderly and starts it on the same port. */
  async restart(): Promise<void> {
    await this.#child?.stop(this.stopSignal)
    await this.start()
  }

  /** Lets it stand still (SIGSTOP): connections are taken by the kernel, and nothing is answered. */
  async hang(): Promise<void> {
    await this.#child?.hang()
  }

  /** Lets it go on after {@link hang} (SIGCONT). */
  resume(): void {
    this.#child?.resume()
  }

  protected abstract readonly stopSignal: NodeJS.Signals
  protected abstract launch(): Promise<Child>

  /** A folder of its own, made when it is asked for, removed by {@link stop}. */
  protected get folder(): string {
    return (this.#folder ??= makeFolder())
  }
}
