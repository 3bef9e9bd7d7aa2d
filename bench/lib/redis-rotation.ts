import { createRedis } from '@wardstone/redis'
import { startRedis } from '@wardstone/testkit/servers'
import { redisStore } from '@wardstone/tokens/redis'
import { Redis } from 'ioredis'
import { median, race, type Contestant } from './race.ts'
import type { AreaReport, BenchOptions, Row } from './report.ts'
import { CLIENT, NAMESPACE, RotationStage } from './rotation-stage.ts'

/** Answers at once: what is left is the way there and back. */
const EMPTY = 'return 1'

/** A refresh in Redis beside the shortest round trip with the same keys and arguments, on a server of its own. */
export async function redisRotation({ quick }: BenchOptions): Promise<Pick<AreaReport, 'ratios' | 'tables'>> {
  const server = await startRedis()
  const client = new Redis(server.url, { enableOfflineQueue: false, maxRetriesPerRequest: 1 })
  await new Promise((resolve) => client.once('ready', resolve))
  const redis = createRedis({ client })
  const stage = new RotationStage((testClockOffset) => redisStore({ redis, testClockOffset }), quick ? 500 : 2000)
  try {
    await stage.fill(1)
    const contestants = [roundTrip(client, stage), stage.rotation(64)]
    const ratioOf = (run: { timing(name: string): { wallUs: number } }): number =>
      run.timing('round trip').wallUs / run.timing('rotate').wallUs
    const run = await race(contestants, (soFar) => ratioOf(soFar) >= 0.6)
    const rows: Row[] = contestants.map(({ name }) => ({
      name,
      'ops/s': 1e6 / run.timing(name).wallUs,
      'µs CPU': run.timing(name).cpuUs,
    }))
    const latencies: Row[] = []
    for (const inFlight of [1, 32, 256]) latencies.push(await stage.latency(inFlight))
    const bytes = await bytesPerSession(client)
    return {
      ratios: { rotate_redis_vs_roundtrip: ratioOf(run) },
      tables: [
        { title: 'refresh of a session in Redis, 64 in flight', rows },
        { title: 'refresh of a session in Redis', rows: latencies },
        { title: 'memory in Redis', rows: [{ name: 'a subject with one session', bytes }] },
      ],
    }
  } finally {
    stage.store.close()
    redis.close()
    client.disconnect()
    await server.stop()
  }
}

/** An empty script with keys and arguments as a rotation has them, by the same client. */
function roundTrip(client: Redis, stage: RotationStage): Contestant {
  let sha = ''
  return {
    name: 'round trip',
    prepare: async () => void (sha = String(await client.script('LOAD', EMPTY))),
    run: () =>
      stage.each(64, ({ sid, shard, secretHash }) =>
        client.evalsha(sha, 4, ...sameKeys(shard), ...sameArgs(sid, shard, secretHash)),
      ),
  }
}

async function bytesPerSession(client: Redis): Promise<number> {
  const keys = await client.keys('*:s:*')
  const sizes = await Promise.all(keys.slice(0, 200).map(async (key) => Number(await client.memory('USAGE', key))))
  return median(sizes)
}

/** Of the same number and length as those of a rotation. */
function sameKeys(shard: string): readonly string[] {
  const tag = `ws:tokens:v1:${NAMESPACE}:{b7}:`
  return [`${tag}s:${shard}`, `${tag}everyone`, `${tag}highest`, `${tag}revoked`]
}

function sameArgs(sid: string, shard: string, hash: Buffer): readonly (string | Buffer)[] {
  const common = ['60000', '900000', '2592000000', shard, 'ws:tokens:v1:bench:revoked']
  return [...common, sid, hash, '7', 'AbCdEfGh', '0', CLIENT.ip, CLIENT.userAgent, '604800000', '30000', '60000', '60000', '3']
}
