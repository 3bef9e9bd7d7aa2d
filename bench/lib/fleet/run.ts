import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { startCluster, startProcesses, type RedisCluster, type RedisServer } from '@wardstone/testkit/servers'
import { random, type Random } from '../random.ts'
import { Calls } from './calls.ts'
import { Person } from './person.ts'
import type { ProcessReport, ProcessSettings } from './report.ts'
import type { Session } from './session.ts'
import type { Conditions } from './times.ts'
import { World } from './world.ts'

const PROCESSES = 4
/** A minute by the defaults, divided like everything else. */
const LAG_MS = 1000

/** What a run has left behind. */
export interface Run {
  readonly world: World
  readonly reports: readonly ProcessReport[]
  readonly killedAt: number
  /** How long no node served the slots of the one that was killed. */
  readonly electionMs: number
}

/** Starts a Cluster and the processes, lets people live there, and kills a master at half time, which stays dead. */
export async function run(conditions: Conditions): Promise<Run> {
  const cluster = await startCluster()
  try {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const settings: ProcessSettings = {
      nodes: cluster.nodes.map(({ host, port }) => ({ host, port })),
      jwk: { ...privateKey.export({ format: 'jwk' }), kid: 'fleet', alg: 'ES256', use: 'sig' },
      material: randomBytes(64).toString('base64url'),
    }
    const inputs = Array.from({ length: PROCESSES }, () => settings)
    const processes = await startProcesses(new URL('./server.ts', import.meta.url), inputs)
    try {
      const ports = await Promise.all(processes.members.map(async (member) => Number(await member.arrived())))
      const world = new World(new Calls(ports), conditions)
      const killed = killAtHalfTime(cluster, world)
      await Promise.all(Array.from({ length: conditions.people }, (_, i) => lifeOf(new Person(world, i + 1), world)))
      // Some of them begin others.
      for (let i = 0; i < world.tasks.length; i++) await world.tasks[i]
      for (const member of processes.members) member.go()
      return { world, reports: await processes.results<ProcessReport>(), ...(await killed) }
    } finally {
      await processes.stop()
    }
  } finally {
    await cluster.stop()
  }
}

async function lifeOf(person: Person, world: World): Promise<void> {
  await person.live()
  const own = world.sessions.filter(({ sub }) => sub === person.sub)
  await Promise.all(own.map((session) => lastWord(world, session, random(world.sessions.indexOf(session)))))
}

/** Nothing of what the master writes in its last second reaches its replica, which takes its place all the same. */
async function killAtHalfTime(cluster: RedisCluster, world: World): Promise<Pick<Run, 'killedAt' | 'electionMs'>> {
  await pause((world.endsAt - world.begunAt) / 2 - LAG_MS)
  const lost = await busiest(cluster)
  const replica = cluster.partnerOf(lost)
  await fallBehind(replica, lost)
  await pause(LAG_MS)
  await lost.kill()
  const killedAt = Date.now()
  replica.resume()
  await cluster.elected(lost)
  return { killedAt, electionMs: Date.now() - killedAt }
}

/** What a replica that hangs has in its socket it would read later, so the sockets are filled first. */
async function fallBehind(replica: RedisServer, master: RedisServer): Promise<void> {
  const neighbour = String(await master.call('RANDOMKEY'))
  await replica.hang()
  for (let i = 0; i < 4; i++) await master.call('SET', `${neighbour}:filler`, 'x'.repeat(8 << 20))
}

/** The master that has most to lose. */
async function busiest({ nodes }: RedisCluster): Promise<RedisServer> {
  const masters = nodes.slice(0, nodes.length / 2)
  const sizes = await Promise.all(masters.map(async (master) => Number(await master.call('DBSIZE'))))
  return masters[sizes.indexOf(Math.max(...sizes))] as RedisServer
}

/**
 * Asks each session that should be alive once more, by two tabs at once: both get the same refresh token, or none. Then the
 * one before the one before, which must be dead, and takes the session with it.
 */
async function lastWord(world: World, session: Session, chance: Random): Promise<void> {
  if (session.isOver || session.stolenAt !== undefined) return
  await pause(chance.between(0, 700))
  const process = world.anyProcess(chance)
  await Promise.all([0, 1].map((tab) => ask(world, session, (process + tab) % world.calls.ports.length)))
  const current = Math.max(...session.handedOut.keys())
  const old = session.handedOut.get(current - 2)
  if (session.isOver || old === undefined) return
  const { status } = await world.calls.to(process, '/refresh', { cookie: old })
  if (status === 200) session.forks++
}

async function ask(world: World, session: Session, process: number): Promise<void> {
  const { cookie } = session
  for (let failures = 0; failures < 20; failures++) {
    const answer = await world.calls.to(process, '/refresh', { cookie })
    if (answer.status === 401) session.refusedAt ??= answer.doneAt
    if (answer.cookie !== undefined && answer.access !== undefined) session.note(answer.access.generation, answer.cookie)
    if (answer.status === 200 || answer.status === 401) return
    await pause(250)
  }
  throw new Error('the fleet did not come back')
}
