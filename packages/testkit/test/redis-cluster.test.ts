import { Cluster } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readNodes } from '../src/lib/servers/redis/cluster-nodes.ts'
import { available, startCluster, type RedisCluster } from '../src/servers.ts'
import { orSilence, runs } from './traces.ts'

describe.skipIf(!(await available('redis-server')))('Redis Cluster', { timeout: 30_000 }, () => {
  let cluster: RedisCluster
  let client: Cluster

  beforeAll(async () => {
    cluster = await startCluster()
    client = new Cluster(
      cluster.nodes.map(({ host, port }) => ({ host, port })),
      { slotsRefreshTimeout: 500, slotsRefreshInterval: 100, clusterRetryStrategy: () => 20 },
    )
    client.on('error', () => {})
  }, 30_000)

  afterAll(async () => {
    client.disconnect()
    await cluster.stop()
    expect(cluster.nodes.filter(({ pid }) => runs(pid))).toEqual([])
  })

  it('knows slots and who serves them', async () => {
    expect(await cluster.slotOf('a')).toBe(15_495)
    expect(await cluster.slotOf('{a}:b')).toBe(15_495)
    const owners = await Promise.all(['a', 'b', 'c', 'd'].map((key) => cluster.ownerOf(key)))
    expect(new Set(owners).size).toBe(3)
    expect(owners.map((owner) => cluster.partnerOf(cluster.partnerOf(owner)))).toEqual(owners)
  })

  it('fails over on command, again and again, without losing a write', async () => {
    for (let round = 0; round < 4; round++) {
      const owner = await cluster.ownerOf('round')
      expect(await client.set('round', round)).toBe('OK')
      await cluster.failover(owner)
      expect([await client.get('round'), await cluster.ownerOf('round')]).toEqual([`${round}`, cluster.partnerOf(owner)])
    }
  })

  it('loses a node: its partner takes its slots, and it comes back as replica', async () => {
    const lost = await cluster.ownerOf('a')
    await client.set('a', 'value')
    await cluster.settled(lost)
    await lost.kill()
    const partner = await cluster.elected(lost)
    expect([await client.get('a'), await cluster.ownerOf('a')]).toEqual(['value', partner])
    await lost.start()
    await cluster.settled(partner)
    expect(await lost.call('ROLE')).toEqual(['slave', '127.0.0.1', partner.port, 'connected', expect.any(Number)])
  })

  it('has a node that hangs: its keys are silent, the others answer', async () => {
    const [hung, other] = [await cluster.ownerOf('b'), await cluster.ownerOf('c')]
    expect(hung).not.toBe(other)
    await Promise.all([client.set('b', '1'), client.set('c', '1')])
    await hung.hang()
    expect([await orSilence(client.get('b')), await client.get('c')]).toEqual(['silence', '1'])
    const partner = await cluster.elected(hung)
    hung.resume()
    await cluster.settled(partner)
  })
})

describe('the nodes of a cluster as Redis writes them', () => {
  it('are read with slots, masters, and slots that are on their way', () => {
    const text = `aa 127.0.0.1:7001@17001,host myself,master - 0 0 1 connected 0-5460 7 [93-<-bb]
bb 127.0.0.1:7002@17002 slave aa 0 1 1 connected

`
    expect(readNodes(text)).toEqual([
      {
        id: 'aa',
        port: 7001,
        bus: 17001,
        masterId: undefined,
        slots: [
          [0, 5460],
          [7, 7],
        ],
      },
      { id: 'bb', port: 7002, bus: 17002, masterId: 'aa', slots: [] },
    ])
  })
})
