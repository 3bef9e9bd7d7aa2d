import type { WarningCode } from '@wardstone/core'
import type { Redis } from 'ioredis'
import { inTime } from './deadline.ts'
import { readInfo } from './info.ts'
import { nameOf, type Link } from './link.ts'
import { OneShot } from './one-shot.ts'
import { concernsOfServer, type Concerns } from './warnings.ts'

/** A server, as it was when it was asked. */
export interface RedisNodeHealth {
  /** `host:port`, as the client was told. */
  readonly node: string
  /** Whether it answered in time. */
  readonly answers: boolean
  /** How long it took. */
  readonly latencyMs: number
  readonly version?: string | undefined
  readonly role?: 'master' | 'replica' | undefined
  /** Replicas that are connected to it. */
  readonly replicas?: number | undefined
  /** Its `maxmemory-policy`. Anything but `noeviction` loses what is kept. */
  readonly evictionPolicy?: string | undefined
}

/** What {@link RedisConnection.health} answers. */
export interface RedisHealth {
  /** Whether every master answers: for a readiness probe. */
  readonly ready: boolean
  /** The masters that are known; none while there is no connection. */
  readonly nodes: readonly RedisNodeHealth[]
  /** The codes of all warnings so far, about the client and about the servers. */
  readonly warnings: readonly WarningCode[]
}

/** Asks every master how it is, and warns of what is dangerous about them. Never throws. */
export async function examine(link: Link, concerns: Concerns, deadlineMs: number): Promise<RedisHealth> {
  const masters = await inTime(deadlineMs, (deadline) => link.masters(deadline)).catch(() => [])
  const nodes = await Promise.all(masters.map((node) => askNode(node, link, concerns, deadlineMs)))
  return { ready: nodes.length > 0 && nodes.every(({ answers }) => answers), nodes, warnings: concerns.codes }
}

async function askNode(node: Redis, link: Link, concerns: Concerns, deadlineMs: number): Promise<RedisNodeHealth> {
  const began = performance.now()
  try {
    const answer = await inTime(deadlineMs, (deadline) => link.sendTo(node, new OneShot('info', []), deadline))
    const info = readInfo(answer)
    concerns.say(concernsOfServer(info))
    return {
      node: nameOf(node),
      answers: true,
      latencyMs: performance.now() - began,
      version: info['redis_version'],
      role: info['role'] === 'master' ? 'master' : 'replica',
      replicas: Number(info['connected_slaves'] ?? 0),
      evictionPolicy: info['maxmemory_policy'],
    }
  } catch {
    return { node: nameOf(node), answers: false, latencyMs: performance.now() - began }
  }
}
