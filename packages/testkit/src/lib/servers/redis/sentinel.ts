import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startChild, type Child } from '../child.ts'
import { freePorts } from '../ports.ts'
import { until } from '../until.ts'
import { caughtUp } from './replication.ts'
import { RedisServer } from './server.ts'

const NAME = 'wardstone'
/** A master is taken for lost after so long. */
const DOWN_AFTER_MS = 500
/** Seconds between looks make sense in a data centre; a test waits for each. */
const PERIODS = ['INFO-PERIOD', '100', 'PING-PERIOD', '100', 'ASK-PERIOD', '100', 'PUBLISH-PERIOD', '200']

/** A master and its replica, watched by a Sentinel that fails over. */
export class RedisSentinel {
  /** The name under which Sentinel knows the master. */
  readonly name = NAME
  /** The addresses of the Sentinels, as clients want them. */
  readonly sentinels: readonly { readonly host: string; readonly port: number }[]
  /** Sentinel itself, to be hung or killed as well. */
  readonly sentinel: RedisServer
  /** Both servers, whatever their parts at the moment. */
  readonly nodes: readonly [RedisServer, RedisServer]

  /** Prefer {@link startSentinel}. */
  constructor(nodes: readonly [RedisServer, RedisServer], sentinel: RedisServer) {
    this.nodes = nodes
    this.sentinel = sentinel
    this.sentinels = [{ host: sentinel.host, port: sentinel.port }]
  }

  /** The server that Sentinel names as master now. */
  async master(): Promise<RedisServer> {
    const address = await this.sentinel.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', NAME)
    const node = this.nodes.find(({ port }) => Array.isArray(address) && address[1] === `${port}`)
    if (!node) throw new Error('Sentinel names a master that is none of ours')
    return node
  }

  /** The other server. */
  async replica(): Promise<RedisServer> {
    const master = await this.master()
    return this.nodes[0] === master ? this.nodes[1] : this.nodes[0]
  }

  /** Fails over on command, and returns the new master once it takes writes and the old one follows it. */
  async failover(): Promise<RedisServer> {
    const before = await this.master()
    await until('a replica that Sentinel can promote', () => this.sentinel.call('SENTINEL', 'FAILOVER', NAME))
    return this.elected(before)
  }

  /** Waits until another than this is master, as after `kill()` or `hang()`, and returns it once it takes writes. */
  async elected(before: RedisServer): Promise<RedisServer> {
    const master = await until('another master', async () => {
      const named = await this.master()
      return named !== before && (await roleOf(named)) === 'master' ? named : undefined
    })
    if (before.answering) {
      await before.call('REPLICAOF', master.host, master.port) // Sentinel would do it after some seconds
      await this.settled(master)
    }
    return master
  }

  /** Waits until the other server has caught up with this master, and Sentinel knows that it could take its place. */
  async settled(master: RedisServer): Promise<void> {
    const replica = master === this.nodes[0] ? this.nodes[1] : this.nodes[0]
    await caughtUp(replica, master)
    await until('Sentinel knowing the replica', async () => {
      const [known] = (await this.sentinel.call('SENTINEL', 'REPLICAS', NAME)) as string[][]
      const fact = (name: string): string | undefined => known?.[known.indexOf(name) + 1]
      const follows = fact('role-reported') === 'slave' && fact('master-link-status') === 'ok'
      return (follows && fact('flags') === 'slave' && fact('master-port') === `${master.port}`) || undefined
    })
  }

  /** Ends all three. */
  async stop(): Promise<void> {
    await Promise.all([this.sentinel, ...this.nodes].map((server) => server.stop()))
  }
}

/**
 * Starts a master, a replica that has caught up, and a Sentinel that fails over within about a second.
 *
 * @example
 * ```ts
 * import { startSentinel } from '@wardstone/testkit/servers'
 *
 * const redis = await startSentinel()
 * const client = { sentinels: [...redis.sentinels], name: redis.name } // options of an ioredis client
 * await redis.failover() // on command
 * const lost = await redis.master()
 * await lost.kill()
 * await redis.elected(lost) // because Sentinel noticed
 * await redis.stop()
 * ```
 */
export async function startSentinel(): Promise<RedisSentinel> {
  const [masterPort = 0, replicaPort = 0, sentinelPort = 0] = await freePorts(3)
  const master = new RedisServer(masterPort)
  const replica = new RedisServer(replicaPort, { replicaof: `${master.host} ${master.port}` })
  await master.start()
  await replica.start()
  await caughtUp(replica, master)
  const sentinel = new SentinelProcess(sentinelPort, master)
  await sentinel.start()
  await sentinel.call('SENTINEL', 'DEBUG', ...PERIODS)
  const redis = new RedisSentinel([master, replica], sentinel)
  await redis.settled(master)
  return redis
}

class SentinelProcess extends RedisServer {
  readonly #watched: RedisServer

  constructor(port: number, watched: RedisServer) {
    super(port)
    this.#watched = watched
  }

  protected override async launch(): Promise<Child> {
    const config = join(this.folder, 'sentinel.conf')
    const watched = `port ${this.port}
bind ${this.host}
protected-mode no
sentinel monitor ${NAME} ${this.#watched.host} ${this.#watched.port} 1
sentinel down-after-milliseconds ${NAME} ${DOWN_AFTER_MS}
sentinel failover-timeout ${NAME} 2000
`
    // Later it is Sentinel's own: what it has learned about the others.
    if (!existsSync(config)) writeFileSync(config, watched)
    const child = startChild(['redis-server', config, '--sentinel'], { cwd: this.folder })
    await child.says(/\+monitor master/)
    return child
  }
}

async function roleOf(server: RedisServer): Promise<unknown> {
  const role = await server.call('ROLE')
  return Array.isArray(role) ? role[0] : undefined
}
