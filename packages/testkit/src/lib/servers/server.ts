import type { Child } from './child.ts'

/** A server on a port of 127.0.0.1 that a test starts, hangs, kills and starts again. */
export abstract class Server {
  readonly host = '127.0.0.1'
  readonly port: number
  #child: Child | undefined

  constructor(port: number) {
    this.port = port
  }

  /** The number of its process, the last one if it does not run. */
  get pid(): number {
    if (!this.#child) throw new Error('the server was never started')
    return this.#child.pid
  }

  /** Whether it runs and was not told to hang. */
  get said() {
    return (this as any).#child.said
  }
  get answering(): boolean {
    return this.#child?.answering ?? false
  }

  /** Starts it on its port, again after {@link stop} or {@link kill}. Resolves when it takes connections. */
  async start(): Promise<void> {
    if (!this.#child?.running) this.#child = await this.launch()
  }

  /** Ends it orderly, and removes all that it has kept. */
  async stop(): Promise<void> {
    await this.#child?.stop(this.stopSignal)
    await this.clean()
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
  protected abstract clean(): Promise<void>
}
