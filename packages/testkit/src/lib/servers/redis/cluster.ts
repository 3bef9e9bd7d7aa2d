import { randomBytes } from 'node:crypto'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Child } from '../child.ts'
import { freePorts } from '../ports.ts'
import { until } from '../until.ts'
import { readNodes, writeNodes, type ClusterNode } from './cluster-nodes.ts'
import { caughtUp } from './replication.ts'
import { RedisServer } from './server.ts'

const RANGES = [
  [0, 5_460],
  [5_461, 10_922],
  [10_923, 16_383],
] as const

const CONFIG = {
  'cluster-enabled': 'yes',
  'cluster-config-file': 'nodes.conf',
  'cluster-node-timeout': '500',
  // However old its data is, a replica may follow its master.
  'cluster-replica-validity-factor': '0',
  'cluster-allow-replica-migration': 'no',
}

/**
 * A node that stands for a second election so soon counts the votes of the first one, and leaves its slots to nobody: a
 * defect of Redis 7.0 that tests would take for their own.
 */
const OLD_VOTES_MS = 4_000

/** Three masters that share the slots, with a replica each. */
export class RedisCluster {
  /** All six servers, whatever their parts at the moment; their hosts and ports are what clients want. */
  readonly nodes: readonly RedisServer[]
  readonly #elected = new Map<RedisServer, number>()

  /** Prefer {@link startCluster}. */
  constructor(nodes: readonly RedisServer[]) {
    this.nodes = nodes
  }

  /** The slot of a key, from 0 to 16383. */
  async slotOf(key: string): Promise<number> {
    return Number(await this.#anyone().call('CLUSTER', 'KEYSLOT', key))
  }

  /** The master that serves a key. */
  async ownerOf(key: string): Promise<RedisServer> {
    const slot = await this.slotOf(key)
    const known = await nodesOf(this.#anyone())
    const owner = known.find(({ slots }) => slots.some(([from, to]) => from <= slot && slot <= to))
    return this.#node((node) => node.port === owner?.port)
  }

  /** The server that follows this one or is followed by it. */
  partnerOf(server: RedisServer): RedisServer {
    const index = this.nodes.indexOf(server)
    return this.#node((_node, other) => other !== index && other % RANGES.length === index % RANGES.length)
  }

  /**
   * Fails a master over to its partner on command, and returns the new master once all nodes know it. Nothing is lost: writes
   * wait until the partner has everything, and it takes over without an election.
   */
  async failover(master: RedisServer): Promise<RedisServer> {
    const partner = this.partnerOf(master)
    await this.settled(master)
    await master.call('CLIENT', 'PAUSE', 5_000, 'WRITE')
    await caughtUp(partner, master)
    await partner.call('CLUSTER', 'FAILOVER', 'TAKEOVER')
    await this.settled(partner)
    await master.call('CLIENT', 'UNPAUSE')
    return partner
  }

  /** Waits until the partner has taken the place of this master, as after `kill()` or `hang()`, and returns it. */
  async elected(before: RedisServer): Promise<RedisServer> {
    const partner = this.partnerOf(before)
    await this.settled(partner)
    this.#elected.set(partner, performance.now())
    return partner
  }

  /** Waits until this is a master to all nodes that answer, its partner could take its place if it answers, and every slot is served. */
  async settled(master: RedisServer): Promise<void> {
    const replica = this.partnerOf(master)
    await until(`a cluster with ${master.port} as master`, async () => {
      const answering = this.nodes.filter((node) => node.answering)
      const agreed = await Promise.all(answering.map((node) => agrees(node, master, replica)))
      return agreed.every(Boolean) || undefined
    })
    if (!replica.answering) return
    await caughtUp(replica, master)
    const elected = this.#elected.get(replica)
    if (elected !== undefined) await pause(Math.max(0, elected + OLD_VOTES_MS - performance.now()))
  }

  /** Ends all nodes. */
  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop()))
  }

  #anyone(): RedisServer {
    return this.#node((node) => node.answering)
  }

  #node(is: (node: RedisServer, index: number) => boolean): RedisServer {
    const node = this.nodes.find(is)
    if (!node) throw new Error('no node of this cluster')
    return node
  }
}

/**
 * Starts a cluster, in about two seconds: Redis lets a new master wait so long before it takes writes.
 *
 * @example
 * ```ts
 * import { startCluster } from '@wardstone/testkit/servers'
 *
 * const cluster = await startCluster()
 * const startup = cluster.nodes.map(({ host, port }) => ({ host, port })) // the first argument of ioredis' Cluster
 * const lost = await cluster.ownerOf('account:42')
 * await lost.kill()
 * await cluster.elected(lost)
 * await lost.start() // comes back as a replica
 * await cluster.stop()
 * ```
 */
export async function startCluster(): Promise<RedisCluster> {
  const ports = await freePorts(4 * RANGES.length)
  const plan: ClusterNode[] = []
  for (const slots of [...RANGES.map((range) => [range]), ...RANGES.map(() => [])]) {
    const [port = 0, bus = 0] = ports.slice(2 * plan.length)
    const masterId = plan[plan.length - RANGES.length]?.id
    plan.push({ id: randomBytes(20).toString('hex'), port, bus, slots, masterId })
  }
  const nodes = plan.map((self) => new ClusterProcess(self, writeNodes(plan, self)))
  await Promise.all(nodes.map((node) => node.start()))
  const cluster = new RedisCluster(nodes)
  await Promise.all(nodes.slice(0, RANGES.length).map((master) => cluster.settled(master)))
  return cluster
}

class ClusterProcess extends RedisServer {
  readonly #nodes: string

  constructor(self: ClusterNode, nodes: string) {
    super(self.port, { ...CONFIG, 'cluster-port': `${self.bus}` })
    this.#nodes = nodes
  }

  protected override async launch(): Promise<Child> {
    const file = join(this.folder, 'nodes.conf')
    // Later it is the node's own: what it has learned about the others.
    if (!existsSync(file)) writeFileSync(file, this.#nodes)
    return super.launch()
  }
}

async function nodesOf(server: RedisServer): Promise<readonly ClusterNode[]> {
  return readNodes(String(await server.call('CLUSTER', 'NODES')))
}

/** Whether a node serves, and knows these two in these parts. */
async function agrees(node: RedisServer, master: RedisServer, replica: RedisServer): Promise<boolean> {
  const known = await nodesOf(node)
  const leader = known.find(({ port, slots }) => port === master.port && slots.length > 0)
  const follower = known.find(({ port }) => port === replica.port)
  if (!leader || (replica.answering && follower?.masterId !== leader.id)) return false
  return String(await node.call('CLUSTER', 'INFO')).includes('cluster_state:ok')
}
