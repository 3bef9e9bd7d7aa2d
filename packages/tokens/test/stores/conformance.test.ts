import { available, sharedRedis, startCluster, startSentinel } from '@wardstone/testkit/servers'
import { Cluster, Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sessionStoreCases } from '@wardstone/testkit/sessions'
import { itKeeps } from './play.ts'
import { CLIENT, memoryStage, Place } from './stages.ts'
import { MemoryStore } from '../../src/lib/sessions/memory-store.ts'

describe('sessions in memory', () => itKeeps(() => memoryStage()))

describe('sessions in a memory that may lose them', () =>
  itKeeps(() => memoryStage((clock) => new MemoryStore(clock.now, undefined, true))))

describe.skipIf(!(await available('redis')))('sessions in Redis', { timeout: 20_000 }, () => {
  let place: Place
  beforeAll(async () => {
    place = await Place.at(new Redis((await sharedRedis()).url, CLIENT))
  }, 30_000)
  afterAll(() => place?.close())
  itKeeps(() => place.stage())
})

describe.skipIf(!(await available('redis-server')))('sessions in Redis with Sentinel', { timeout: 20_000 }, () => {
  let place: Place
  let stop: (() => Promise<void>) | undefined
  beforeAll(async () => {
    const redis = await startSentinel()
    stop = () => redis.stop()
    place = await Place.at(new Redis({ ...CLIENT, sentinels: [...redis.sentinels], name: redis.name }))
  }, 30_000)
  afterAll(async () => {
    place?.close()
    await stop?.()
  })
  itKeeps(() => place.stage())
})

describe.skipIf(!(await available('redis-server')))('sessions in Redis Cluster', { timeout: 20_000 }, () => {
  let place: Place
  let stop: (() => Promise<void>) | undefined
  beforeAll(async () => {
    const cluster = await startCluster()
    stop = () => cluster.stop()
    const nodes = cluster.nodes.map(({ host, port }) => ({ host, port }))
    place = await Place.at(new Cluster(nodes, { enableOfflineQueue: false, slotsRefreshTimeout: 1_000 }))
  }, 30_000)
  afterAll(async () => {
    place?.close()
    await stop?.()
  })
  itKeeps(() => place.stage())
})

describe('the suite', () => {
  it('says of each case what it shows, once', () => {
    const titles = sessionStoreCases.map(({ title }) => title)
    expect(new Set(titles).size).toBe(titles.length)
  })
})
