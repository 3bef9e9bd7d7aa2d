import { startPostgres, startRedis, perform } from '@wardstone/testkit/servers'

// Starts servers and is not there to stop them.
await perform(async (input: unknown, step) => {
  const servers = [await startRedis(), await startPostgres()]
  await servers[0]?.hang()
  await step(servers.map(({ pid }) => pid).join(' '))
  if (input === 'ended by an error')
    setImmediate(() => {
      throw new Error('nobody catches this')
    })
  await step('never')
})
