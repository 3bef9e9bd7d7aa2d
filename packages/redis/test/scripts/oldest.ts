// The package with the oldest ioredis that it promises to work with: whoever asks for `ioredis` from here on gets that one.
import { registerHooks } from 'node:module'
import { perform } from '@wardstone/testkit/servers'

/** What is asked of it. */
export interface Input {
  readonly url: string
  readonly word: string
  readonly nodes: readonly { readonly host: string; readonly port: number }[]
}

registerHooks({
  resolve: (name, context, next) =>
    next(name === 'ioredis' && context.parentURL?.includes('/packages/redis/') ? 'ioredis5' : name, context),
})
const { Cluster, Redis } = await import('ioredis')
const { createRedis, script } = await import('../../src/index.ts')

const add = script("return redis.call('INCR', KEYS[1])", { name: 'add' })
const slow = script("local n = 0 for i = 1, 4e7 do n = n + 1 end return redis.call('INCR', KEYS[1])", { name: 'slow' })
const call = { deadlineMs: 5_000 }

await perform(async ({ url, word, nodes }: Input) => {
  const client = new Redis(url, { enableAutoPipelining: true, maxRetriesPerRequest: null, retryStrategy: () => 20 })
  const redis = createRedis({ client })
  await client.script('FLUSH')
  const counts = await Promise.all(Array.from({ length: 50 }, () => redis.run(add, [`${word}:count`], [], { ...call, acks: 1 })))

  const news: string[] = []
  const standing = Promise.withResolvers<void>()
  const heard = Promise.withResolvers<void>()
  const on = { gap: () => standing.resolve(), message: (message: Buffer) => (news.push(message.toString()), heard.resolve()) }
  const end = await redis.subscribe(word, on)
  await standing.promise
  await client.publish(word, 'hello')
  await heard.promise
  await end()

  await client.xadd(`${word}:stream`, '1-1', 'name', 'value')
  const entries = await redis.read(`${word}:stream`, '0-0', 10, call)
  const keys: string[] = []
  for await (const key of redis.scan(`${word}:*`)) keys.push(key)
  const { ready } = await redis.health()

  // The connection breaks while the server is at it: ioredis asks again, this does not.
  const asked = [redis.run(slow, [`${word}:ours`], [], call), client.eval(slow.source, 1, `${word}:naive`)]
  await new Promise((resolve) => setTimeout(resolve, 50))
  client.stream.destroy()
  const ended = await Promise.allSettled(asked)
  const ran = [await client.get(`${word}:ours`), await client.get(`${word}:naive`)]

  const cluster = new Cluster([...nodes], { enableAutoPipelining: true })
  const spread = createRedis({ client: cluster })
  const ofNodes = await Promise.all(
    Array.from({ length: 100 }, (_, i) => spread.run(add, [`${word}:${i}`], [], { ...call, acks: 1 })),
  )
  return {
    counts: counts.map(({ value }) => value),
    news,
    entries: entries.map(({ id, fields }) => [id, String(fields.get('name'))]),
    keys: keys.toSorted(),
    ready,
    ended: ended.map(({ status }) => status),
    ran,
    ofNodes: ofNodes.map(({ value, acked }) => [value, acked]),
  }
})
