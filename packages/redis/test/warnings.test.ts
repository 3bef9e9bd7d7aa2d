import { Cluster, Redis } from 'ioredis'
import { afterEach, describe, expect, it } from 'vitest'
import { available, startRedis, type RedisServer } from '@wardstone/testkit/servers'
import { concernsOfClient, concernsOfServer } from '../src/lib/warnings.ts'
import { clientOf, connect, later, until, type OfCluster, type OfRedis } from './kit.ts'

const QUIET = { enableOfflineQueue: false, maxRetriesPerRequest: 1, lazyConnect: true }

function codesOfRedis(options: OfRedis): readonly string[] {
  const client = new Redis({ ...QUIET, ...options })
  later(() => client.disconnect())
  return concernsOfClient(client).map(({ code }) => code)
}

function codesOfCluster(options: OfCluster): readonly string[] {
  const client = new Cluster([{ host: '127.0.0.1', port: 1 }], { enableOfflineQueue: false, lazyConnect: true, ...options })
  later(() => client.disconnect())
  return concernsOfClient(client).map(({ code }) => code)
}

describe('settings of a client', () => {
  it('are fine as the documentation has them', () => {
    expect([
      codesOfRedis({}),
      codesOfCluster({}),
      codesOfCluster({ redisOptions: { enableOfflineQueue: true } as never }),
    ]).toEqual([[], [], []])
  })

  it.each<[OfRedis, string]>([
    [{ enableOfflineQueue: true }, 'WARDSTONE_REDIS_QUEUES'],
    [{ maxRetriesPerRequest: null }, 'WARDSTONE_REDIS_QUEUES'],
    [{ maxRetriesPerRequest: 20 }, 'WARDSTONE_REDIS_QUEUES'],
    [{ commandTimeout: 100 }, 'WARDSTONE_REDIS_COMMAND_TIMEOUT'],
    [{ enableReadyCheck: false }, 'WARDSTONE_REDIS_READY_CHECK'],
    [{ readOnly: true }, 'WARDSTONE_REDIS_REPLICA_READS'],
    [{ sentinels: [{ host: '127.0.0.1', port: 1 }], name: 'x', role: 'slave' }, 'WARDSTONE_REDIS_REPLICA_READS'],
    [{ retryStrategy: null }, 'WARDSTONE_REDIS_NO_RECONNECT'],
  ])('%o are warned of', (options, code) => {
    expect(codesOfRedis(options)).toEqual([code])
  })

  it.each<[OfCluster, string]>([
    // ioredis ignores it where it is in redisOptions.
    [{ enableOfflineQueue: true, redisOptions: { enableOfflineQueue: false } as never }, 'WARDSTONE_REDIS_QUEUES'],
    [{ redisOptions: { commandTimeout: 100 } }, 'WARDSTONE_REDIS_COMMAND_TIMEOUT'],
    [{ enableReadyCheck: false }, 'WARDSTONE_REDIS_READY_CHECK'],
    [{ scaleReads: 'all' }, 'WARDSTONE_REDIS_REPLICA_READS'],
    [{ scaleReads: () => [] }, 'WARDSTONE_REDIS_REPLICA_READS'],
    [{ clusterRetryStrategy: null }, 'WARDSTONE_REDIS_NO_RECONNECT'],
  ])('%o of a Cluster are warned of', (options, code) => {
    expect(codesOfCluster(options)).toEqual([code])
  })
})

describe('a server', () => {
  it.each([
    [{ redis_version: '7.0.15', maxmemory_policy: 'noeviction' }, []],
    [{ redis_version: '6.2.0', maxmemory_policy: 'noeviction' }, []],
    [{ redis_version: '6.0.16', maxmemory_policy: 'noeviction' }, ['WARDSTONE_REDIS_VERSION']],
    [{ redis_version: '5.0.7', maxmemory_policy: 'volatile-lru' }, ['WARDSTONE_REDIS_EVICTION', 'WARDSTONE_REDIS_VERSION']],
    [{ redis_version: '10.1.0' }, []],
  ])('that says %o of itself is warned of as it deserves', (info, codes) => {
    expect(concernsOfServer(info).map(({ code }) => code)).toEqual(codes)
  })
})

describe.skipIf(!(await available('redis-server')))('health', { timeout: 30_000 }, () => {
  let server: RedisServer | undefined
  afterEach(() => server?.stop())

  it('tells of the server, and warns once of its eviction policy, also if nobody asks', async () => {
    server = await startRedis({ config: { 'maxmemory-policy': 'allkeys-lru' } })
    const heard: string[] = []
    const hear = (warning: Error): void => void heard.push((warning as { code?: string }).code ?? '')
    process.on('warning', hear)
    later(() => process.off('warning', hear))
    const redis = connect(clientOf(server))
    await until(() => heard.length > 0)
    const health = await redis.health()
    expect(health).toEqual({
      ready: true,
      nodes: [
        {
          node: `127.0.0.1:${server.port}`,
          answers: true,
          latencyMs: expect.any(Number),
          version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
          role: 'master',
          replicas: 0,
          evictionPolicy: 'allkeys-lru',
        },
      ],
      warnings: ['WARDSTONE_REDIS_EVICTION'],
    })
    await redis.health()
    expect(heard).toEqual(['WARDSTONE_REDIS_EVICTION'])
  })

  it('is not ready while the server hangs or is gone, and throws nothing', async () => {
    server = await startRedis()
    const redis = connect(clientOf(server))
    expect(await redis.health()).toMatchObject({ ready: true })
    await server.hang()
    expect(await redis.health({ deadlineMs: 50 })).toMatchObject({ ready: false, nodes: [{ answers: false }] })
    await server.kill()
    await until(async () => (await redis.health({ deadlineMs: 50 })).nodes.length === 0)
    await server.start()
    await until(async () => (await redis.health()).ready)
  })
})
