import { perform, sharedDatabase, sharedRedis, shareServers } from '@wardstone/testkit/servers'

// Asks for what its run shares; as the first process of a run of its own, if it is told so.
await perform(async (first: boolean, step) => {
  const end = first ? await shareServers() : undefined
  const [redis, database] = [await sharedRedis(), await sharedDatabase()]
  await step('asked')
  await database.drop()
  await end?.()
  return { redis: redis.url, postgres: new URL(database.url).host }
})
