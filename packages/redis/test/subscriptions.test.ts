import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { available, startRedis, type RedisServer } from '@wardstone/testkit/servers'
import type { SubscriptionHandlers } from '../src/index.ts'
import { clientOf, connect, until } from './kit.ts'

/** Writes down what a subscription hears, a gap as `gap`. */
function diary(): SubscriptionHandlers & { readonly heard: string[] } {
  const heard: string[] = []
  return { heard, message: (message) => void heard.push(message.toString()), gap: () => void heard.push('gap') }
}

describe.skipIf(!(await available('redis-server')))('a subscription', { timeout: 30_000 }, () => {
  let server: RedisServer
  beforeEach(async () => {
    server = await startRedis()
  })
  afterEach(() => server.stop())

  const publish = (message: string, channel = 'news'): Promise<unknown> => server.call('PUBLISH', channel, message)
  const listeners = async (): Promise<number> =>
    String(await server.call('CLIENT', 'LIST', 'TYPE', 'pubsub')).split('id=').length - 1

  it('tells that it stands, and hears what is said from then on', async () => {
    const redis = connect(clientOf(server))
    const [one, other] = [diary(), diary()]
    await redis.subscribe('news', one)
    await until(() => one.heard.length === 1)
    await redis.subscribe('news', other)
    await redis.subscribe('else', other)
    await until(() => other.heard.length === 2)
    await publish('hello')
    await publish('there', 'else')
    await until(() => other.heard.length === 4 && one.heard.length === 2)
    expect(one.heard).toEqual(['gap', 'hello'])
    expect(other.heard.toSorted()).toEqual(['gap', 'gap', 'hello', 'there'])
    expect([redis.stats().subscriptions, await listeners()]).toEqual([3, 1])
  })

  it('hears bytes', async () => {
    const client = clientOf(server)
    const heard: Buffer[] = []
    const standing = Promise.withResolvers<void>()
    await connect(client).subscribe('news', { message: (message) => void heard.push(message), gap: () => standing.resolve() })
    await standing.promise
    await client.publish('news', Buffer.from([0, 255, 13, 10]))
    await until(() => heard.length === 1)
    expect(heard).toEqual([Buffer.from([0, 255, 13, 10])])
  })

  it('ends, and the last one takes the connection with it', async () => {
    const redis = connect(clientOf(server))
    const [one, other] = [diary(), diary()]
    const ends = [await redis.subscribe('news', one), await redis.subscribe('news', other)]
    await until(() => one.heard.length + other.heard.length === 2)
    await ends[0]?.()
    await ends[0]?.() // is ended already
    await publish('hello')
    await until(() => other.heard.includes('hello'))
    expect([one.heard, await listeners()]).toEqual([['gap'], 1])
    await ends[1]?.()
    await until(async () => (await listeners()) === 0)
    await redis.subscribe('news', one)
    await until(() => one.heard.length === 2)
    await publish('again')
    await until(() => one.heard.includes('again'))
    expect(other.heard).not.toContain('again')
  })

  it('tells of the loss and of the return, each time the connection breaks', async () => {
    const redis = connect(clientOf(server))
    const { heard, ...on } = diary()
    await redis.subscribe('news', on)
    await until(() => heard.length === 1)
    for (let round = 1; round <= 3; round++) {
      await server.call('CLIENT', 'KILL', 'TYPE', 'pubsub')
      await until(() => heard.length === 1 + 3 * (round - 1) + 2)
      await publish(`round ${round}`)
      await until(() => heard.includes(`round ${round}`))
    }
    expect(heard).toEqual(['gap', ...[1, 2, 3].flatMap((round) => ['gap', 'gap', `round ${round}`])])
  })

  it('notices that the server hangs, which no connection tells', async () => {
    const redis = connect(clientOf(server), { heartbeat: '50ms' })
    const { heard, ...on } = diary()
    await redis.subscribe('news', on)
    await until(() => heard.length === 1)
    await server.hang()
    await until(() => heard.length === 2)
    server.resume()
    await until(() => heard.length === 3)
    await publish('hello')
    await until(() => heard.includes('hello'))
    expect(heard).toEqual(['gap', 'gap', 'gap', 'hello'])
  })

  it('is kept while the server is quiet', async () => {
    const redis = connect(clientOf(server), { heartbeat: '10ms' })
    const { heard, ...on } = diary()
    await redis.subscribe('news', on)
    const pings = async (): Promise<number> =>
      Number(/cmdstat_ping:calls=(\d+)/.exec(String(await server.call('INFO', 'commandstats')))?.[1])
    await until(async () => (await pings()) >= 5)
    expect(heard).toEqual(['gap'])
  })

  it('may be made while Redis is away, and stands once it is there', async () => {
    await server.stop()
    const redis = connect(clientOf(server))
    const [one, other] = [diary(), diary()]
    await redis.subscribe('news', one)
    await redis.subscribe('else', other)
    await server.start()
    await until(() => one.heard.length === 1 && other.heard.length === 1)
    await publish('hello', 'else')
    await until(() => other.heard.includes('hello'))
    expect([one.heard, other.heard]).toEqual([['gap'], ['gap', 'hello']])
  })

  it('may throw, at once or later: others hear all the same, and it is counted', async () => {
    const redis = connect(clientOf(server))
    const thrower: SubscriptionHandlers = {
      message: () => {
        throw new Error('at once')
      },
      gap: () => {
        throw new Error('in the gap')
      },
    }
    const rejecter = { message: async () => Promise.reject(new Error('later')), gap: () => {} } as SubscriptionHandlers
    await redis.subscribe('news', thrower)
    await redis.subscribe('news', rejecter)
    const { heard, ...on } = diary()
    await redis.subscribe('news', on)
    await until(() => heard.length === 1)
    await publish('hello')
    await until(() => heard.includes('hello'))
    await until(() => redis.stats().thrown === 3)
  })
})
