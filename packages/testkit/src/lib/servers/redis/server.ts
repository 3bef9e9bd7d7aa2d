import { freePorts } from '../ports.ts'
import { startChild, type Child } from '../child.ts'
import { Server } from '../server.ts'
import { callRedis } from './call.ts'

/** What a Redis of a test may be told. */
export interface RedisOptions {
  /** Directives of redis.conf, such as `{ 'maxmemory-policy': 'allkeys-lru' }`. */
  readonly config?: Readonly<Record<string, string>> | undefined
}

/** Nothing is kept, nothing is waited for. */
const CONFIG = {
  bind: '127.0.0.1',
  'protected-mode': 'no',
  save: '',
  appendonly: 'no',
  'repl-diskless-sync-delay': '0',
  'shutdown-timeout': '0',
}

/** A Redis server. What it holds is in memory only: it is empty after every start. */
export class RedisServer extends Server {
  readonly url: string
  protected readonly stopSignal = 'SIGTERM'
  readonly #config: Readonly<Record<string, string>>

  /** Prefer {@link startRedis}, which finds a port. */
  constructor(port: number, config: Readonly<Record<string, string>> = {}) {
    super(port)
    this.#config = { ...CONFIG, ...config }
    const password = this.#config['requirepass']
    this.url = `redis://${password === undefined ? '' : `:${encodeURIComponent(password)}@`}127.0.0.1:${port}`
  }

  /** Sends one command over a connection of its own, such as `call('CONFIG', 'SET', 'maxmemory', '1mb')`. */
  async call(...command: [string, ...(string | number)[]]): Promise<unknown> {
    return callRedis(this.url, ...command)
  }

  /** Forgets everything that it holds (FLUSHALL), as after a loss of data without a restart. */
  async flush(): Promise<void> {
    await this.call('FLUSHALL')
  }

  protected async launch(): Promise<Child> {
    const directives = Object.entries(this.#config).flatMap(([name, value]) => [`--${name}`, value])
    const child = startChild(['redis-server', '--port', `${this.port}`, ...directives], { cwd: this.folder })
    await child.says(/Ready to accept connections/)
    return child
  }
}

/**
 * Starts a Redis of one's own on a free port (`redis-server` on PATH, 7 or newer): for tests that stop, hang or flush it.
 * Others share one: {@link sharedRedis}.
 *
 * @example
 * ```ts
 * import { startRedis } from '@wardstone/testkit/servers'
 *
 * const redis = await startRedis()
 * await redis.hang() // connections stay open, nothing is answered
 * redis.resume()
 * await redis.kill()
 * await redis.start() // empty, on the same port
 * await redis.stop()
 * ```
 */
export async function startRedis(options: RedisOptions = {}): Promise<RedisServer> {
  const [port = 0] = await freePorts(1)
  const server = new RedisServer(port, options.config)
  await server.start()
  return server
}
