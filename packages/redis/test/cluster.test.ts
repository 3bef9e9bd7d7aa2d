import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { available, startCluster, type RedisCluster, type RedisServer } from '@wardstone/testkit/servers'
import type { RedisEvent } from '../src/index.ts'
import { add, all, clusterOf, connect, echo, look, outcome, until, within } from './kit.ts'

const brief = { deadlineMs: 150 }
const patient = { deadlineMs: 5_000 }
const quick = { openFor: 20, openAtMost: 50 }

describe.skipIf(!(await available('redis-server')))('a Cluster', { timeout: 60_000 }, () => {
  let cluster: RedisCluster
  beforeAll(async () => {
    cluster = await startCluster()
  }, 30_000)
  afterAll(() => cluster.stop())

  /** Keys of three nodes, new ones each time. */
  async function keysOfNodes(word: string): Promise<readonly string[]> {
    const found = new Map<RedisServer, string>()
    for (let i = 0; found.size < 3; i++) {
      const owner = await cluster.ownerOf(`${word}${i}`)
      if (!found.has(owner)) found.set(owner, `${word}${i}`)
    }
    return [...found.values()]
  }

  it.each([false, true])('answers for all nodes, each its own (automatic pipelining %s)', async (enableAutoPipelining) => {
    const redis = connect(clusterOf(cluster.nodes, { enableAutoPipelining }))
    const keys = Array.from({ length: 300 }, (_, i) => `all:${enableAutoPipelining}:${i}`)
    const answers = await Promise.all(keys.map((key) => redis.run(echo, [key], [key], patient)))
    expect(answers.map(({ value }) => value)).toEqual(keys)
    expect(
      (await Promise.all(keys.map((key) => redis.run(add, [key], [], { ...patient, acks: 1 })))).map((a) => [a.value, a.acked]),
    ).toEqual(keys.map(() => [1, 1]))
  })

  it('says so when the nodes are not there', async () => {
    const redis = connect(clusterOf([{ host: '127.0.0.1', port: 1 } as RedisServer]), { breaker: false })
    expect(await within('an answer', outcome(redis.run(add, ['a'], [], brief)))).toMatchObject({
      code: 'store_unavailable',
      mayHaveRun: false,
    })
  })

  it('walks through the keys of all nodes, also when most pages are empty', async () => {
    const redis = connect(clusterOf(cluster.nodes))
    const keys = Array.from({ length: 200 }, (_, i) => `scan:${i}`)
    await Promise.all(keys.map((key) => redis.run(add, [key], [], patient)))
    expect(new Set(await all(redis.scan('scan:*', { count: 10 })))).toEqual(new Set(keys))
    expect(await all(redis.scan('nothing:*', { count: 10 }))).toEqual([])
  })

  it('tells how each master is', async () => {
    const redis = connect(clusterOf(cluster.nodes))
    const { ready, nodes } = await redis.health({ deadlineMs: 2_000 })
    expect([ready, nodes.length]).toEqual([true, 3])
    for (const node of nodes)
      expect(node).toMatchObject({ answers: true, role: 'master', replicas: 1, evictionPolicy: 'noeviction' })
  })

  it('is subscribed to at any node, and told by all', async () => {
    const client = clusterOf(cluster.nodes, { lazyConnect: true })
    const redis = connect(client, { heartbeat: '50ms' })
    const heard: string[] = []
    // A Redis that is not connected yet will do.
    await redis.subscribe('news', { message: (message) => void heard.push(String(message)), gap: () => void heard.push('gap') })
    await until(() => heard.includes('gap'))
    const masters = client.nodes('master').map(({ options }) => cluster.nodes.find(({ port }) => port === options.port))
    for (const [i, node] of masters.entries()) await node?.call('PUBLISH', 'news', `${i}`)
    await until(() => heard.length === 4)
    expect(heard.toSorted()).toEqual(['0', '1', '2', 'gap'])
    for (const node of cluster.nodes) await node.call('CLIENT', 'KILL', 'TYPE', 'pubsub')
    await until(() => heard.filter((word) => word === 'gap').length === 3)
    await masters[0]?.call('PUBLISH', 'news', 'again')
    await until(() => heard.includes('again'))
  })

  it('reads streams from masters, also if the client reads from replicas', async () => {
    const client = clusterOf(cluster.nodes, { scaleReads: 'slave' })
    const redis = connect(client)
    const owner = await cluster.ownerOf('stream')
    await redis.run(echo, ['stream'], ['x'], patient)
    await client.xadd('stream', '1-1', 'word', 'one')
    await cluster.partnerOf(owner).hang()
    try {
      const naive = outcome(within('an answer of the replica', client.xrange('stream', '-', '+'), 300))
      const ours = redis.read('stream', '0-0', 10, patient)
      expect([(await ours).map(({ id }) => id), await naive]).toEqual([['1-1'], expect.any(Error)])
    } finally {
      cluster.partnerOf(owner).resume()
    }
  })

  it('moves a slot while it is used: nothing fails, nothing runs twice', async () => {
    const redis = connect(clusterOf(cluster.nodes, { retryDelayOnTryAgain: 10 }))
    const tag = 'moving'
    const keys = Array.from({ length: 40 }, (_, i) => `{${tag}}:${i}`)
    for (const key of keys.slice(0, 20)) await redis.run(add, [key], [], patient)
    const [from, slot] = [await cluster.ownerOf(`{${tag}}`), await cluster.slotOf(`{${tag}}`)]
    const to = cluster.nodes.find((node) => node !== from && node !== cluster.partnerOf(from)) as RedisServer
    const target = (await to.call('ROLE')) as unknown[]
    const master = target[0] === 'master' ? to : cluster.partnerOf(to)
    const [source, sink] = await Promise.all([from, master].map(async (node) => String(await node.call('CLUSTER', 'MYID'))))
    await master.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', source ?? '')
    await from.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', sink ?? '')
    // ASK for those that are not there any more, or not yet.
    await Promise.all(keys.map((key) => redis.run(add, [key], [], patient)))
    const stay = (await from.call('CLUSTER', 'GETKEYSINSLOT', slot, 100)) as string[]
    await from.call('MIGRATE', master.host, master.port, '', 0, 1_000, 'KEYS', ...stay)
    for (const node of [master, from]) await node.call('CLUSTER', 'SETSLOT', slot, 'NODE', sink ?? '')
    // MOVED for all.
    await Promise.all(keys.map((key) => redis.run(add, [key], [], patient)))
    const counts = await Promise.all(keys.map(async (key) => (await redis.run(look, [key], [], patient)).value))
    expect(counts).toEqual(keys.map((_, i) => (i < 20 ? '3' : '2')))
  })

  it('breaks a connection in mid-call: ioredis asks again, this does not', async () => {
    const client = clusterOf(cluster.nodes)
    const redis = connect(client)
    const [key = ''] = await keysOfNodes('twice')
    await redis.run(add, [`{${key}}:ours`], [], patient)
    await client.incr(`{${key}}:naive`)
    const owner = await cluster.ownerOf(key)
    const connection = client.nodes('master').find(({ options }) => options.port === owner.port)
    await owner.hang()
    const [ours, naive] = [outcome(redis.run(add, [`{${key}}:ours`], [], patient)), client.incr(`{${key}}:naive`)]
    await until(() => connection?.commandQueue.length === 2 && connection.stream.writableLength === 0)
    connection?.stream.destroy()
    owner.resume()
    expect(await within('an answer', ours)).toMatchObject({ code: 'store_unavailable', mayHaveRun: true })
    await within('the answer of the naive one', naive)
    const counts = ['ours', 'naive'].map(async (name) => owner.call('GET', `{${key}}:${name}`))
    expect(await Promise.all(counts)).toEqual(['2', '3'])
  })

  it('has a node that hangs: others answer as ever, its keys fail in time, and are served again when another has them', async () => {
    const events: RedisEvent[] = []
    const client = clusterOf(cluster.nodes) // does not look for other nodes by itself
    const redis = connect(client, { breaker: quick, events: (event) => void events.push(event) })
    const [lost = '', ...others] = await keysOfNodes('hangs')
    for (const key of [lost, ...others]) await redis.run(echo, [key], ['x'], patient)
    const owner = await cluster.ownerOf(lost)
    await cluster.settled(owner)
    await owner.hang()
    // Redis itself stops the others, too, as soon as it has noticed, until somebody serves the slots again.
    const hasty = { deadlineMs: 40 }
    for (let i = 0; i < 6; i++) {
      const answers = await within(
        'answers',
        Promise.all([lost, ...others].map((key) => outcome(redis.run(echo, [key], ['x'], hasty)))),
      )
      expect(answers).toEqual([expect.objectContaining({ code: 'store_unavailable' }), { value: 'x' }, { value: 'x' }])
    }
    expect(events[0]).toMatchObject({ name: 'redis_unavailable', data: { node: `${owner.host}:${owner.port}` } })
    await cluster.elected(owner)
    await until(async () => !((await outcome(redis.run(echo, [lost], ['x'], brief))) instanceof Error))
    owner.resume()
    await cluster.settled(cluster.partnerOf(owner))
  })

  it('loses a node under load: every call is answered in time, and what was answered has run once', async () => {
    const redis = connect(clusterOf(cluster.nodes), { breaker: quick })
    const keys = await keysOfNodes('load')
    const lost = await cluster.ownerOf(keys[0] ?? '')
    await cluster.settled(lost)
    const done = new Map(keys.map((key) => [key, { sure: 0, unsure: 0 }]))
    let going = true
    let slowest = 0
    const load = keys.map(async (key) => {
      for (let i = 0; going; i++) {
        const began = performance.now()
        const answer = await outcome(redis.run(add, [key], [], { deadlineMs: 300, acks: 1 }))
        slowest = Math.max(slowest, performance.now() - began)
        const failed = answer instanceof Error
        if (failed) expect(answer).toMatchObject({ code: 'store_unavailable' })
        const count = done.get(key) ?? { sure: 0, unsure: 0 }
        if (!failed && answer.acked === 1) count.sure++
        else count.unsure++
        await new Promise((resolve) => setTimeout(resolve, 2))
      }
    })
    await new Promise((resolve) => setTimeout(resolve, 200))
    await lost.kill()
    await cluster.elected(lost)
    await until(async () => !((await outcome(redis.run(echo, [keys[0] ?? ''], ['x'], brief))) instanceof Error))
    going = false
    await Promise.all(load)
    for (const [key, { sure, unsure }] of done) {
      const count = Number((await redis.run(look, [key], [], patient)).value)
      expect([count >= sure, count <= sure + unsure]).toEqual([true, true])
    }
    expect(slowest).toBeLessThan(10 * 300)
    await lost.start()
  })
})
