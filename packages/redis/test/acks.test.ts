import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { available, startRedis, type RedisServer } from '@wardstone/testkit/servers'
import { add, clientOf, connect, echo, outcome, until, within } from './kit.ts'

const call = { deadlineMs: 900, acks: 1 }

describe.skipIf(!(await available('redis-server')))('a script whose writes should be on a replica', { timeout: 30_000 }, () => {
  let server: RedisServer
  beforeEach(async () => {
    server = await startRedis()
  })
  afterEach(() => server.stop())

  async function replica(): Promise<RedisServer> {
    const made = await startRedis({ config: { replicaof: `${server.host} ${server.port}` } })
    // It is said to be online before it is sent anything, and is sent nothing unless somebody writes.
    await until(async () => {
      await server.call('SET', 'any', 'thing')
      return /state=online,offset=[1-9]/.test(String(await server.call('INFO', 'replication')))
    })
    return made
  }

  it('has nothing to wait for without one', async () => {
    const redis = connect(clientOf(server))
    expect(await redis.run(add, ['a'], [], call)).toEqual({ value: 1, acked: undefined })
  })

  it('is answered when a replica has them, one call or many', async () => {
    const copy = await replica()
    const redis = connect(clientOf(server))
    expect(await redis.run(add, ['a'], [], call)).toEqual({ value: 1, acked: 1 })
    expect(await copy.call('GET', 'a')).toBe('1')
    const answers = await Promise.all(Array.from({ length: 300 }, () => redis.run(add, ['a'], [], call)))
    expect([await copy.call('GET', 'a'), new Set(answers.map(({ acked }) => acked))]).toEqual(['301', new Set([1])])
    expect(answers.map(({ value }) => value)).toEqual(answers.map((_, i) => i + 2))
    await copy.stop()
  })

  it('asks for more replicas than there are: it is told how many have them', async () => {
    const copy = await replica()
    const redis = connect(clientOf(server))
    expect(await redis.run(add, ['a'], [], { ...call, acks: 2 })).toEqual({ value: 1, acked: 1 })
    await copy.stop()
  })

  it('is answered within the deadline, with too few, when the replica hangs: in time, one after the other and many at once', async () => {
    const copy = await replica()
    const redis = connect(clientOf(server))
    await redis.run(add, ['a'], [], call)
    await copy.hang()
    for (let i = 2; i < 5; i++) expect(await redis.run(add, ['a'], [], call)).toEqual({ value: i, acked: 0 })
    const began = performance.now()
    const calls: Promise<unknown>[] = []
    while (performance.now() - began < 1_500) {
      calls.push(outcome(redis.run(add, ['b'], [], call)))
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    const answers = await within('all answers', Promise.all(calls))
    for (const answer of answers) expect(answer).toEqual({ value: expect.any(Number), acked: 0 })
    // Others are not held up by the waiting.
    const quick = await Promise.all([redis.run(add, ['a'], [], call), redis.run(echo, ['a'], ['x'], { deadlineMs: 100 })])
    expect(quick).toEqual([{ value: 5, acked: 0 }, { value: 'x' }])
    copy.resume()
    await until(async () => (await redis.run(add, ['a'], [], call)).acked === 1)
    await copy.stop()
  })

  it('fails typed when the server hangs, and does not run twice', async () => {
    const redis = connect(clientOf(server), { breaker: false })
    await redis.run(add, ['a'], [], call)
    await server.hang()
    const answers = await within(
      'answers',
      Promise.all([1, 2, 3].map(() => outcome(redis.run(add, ['a'], [], { deadlineMs: 100, acks: 1 })))),
    )
    for (const answer of answers) expect(answer).toMatchObject({ code: 'store_unavailable', reason: 'deadline' })
    server.resume()
    await until(async () => !((await outcome(redis.run(add, ['b'], [], call))) instanceof Error))
    // What was on the wire has run, once; what was still here has not.
    const ran = Number(await server.call('GET', 'a')) - 1
    expect(ran).toBe(answers.filter((answer) => 'mayHaveRun' in answer && answer.mayHaveRun).length)
  })

  it('is given up while there is no connection, and the next one is not held up by it', async () => {
    await server.stop()
    const redis = connect(clientOf(server), { breaker: false })
    const hasty = { deadlineMs: 100, acks: 1 }
    for (let i = 0; i < 3; i++) {
      expect(await outcome(redis.run(add, ['a'], [], hasty))).toMatchObject({ code: 'store_unavailable', mayHaveRun: false })
    }
    await server.start()
    await until(async () => !((await outcome(redis.run(echo, ['a'], ['x'], hasty))) instanceof Error))
    expect(await redis.run(add, ['a'], [], call)).toEqual({ value: 1, acked: undefined })
  })

  it('is refused for less than one', async () => {
    const redis = connect(clientOf(server))
    await expect(redis.run(add, ['a'], [], { deadlineMs: 100, acks: 0 })).rejects.toMatchObject({ code: 'invalid_argument' })
  })
})
