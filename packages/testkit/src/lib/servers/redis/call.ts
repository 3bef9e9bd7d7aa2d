/** Sends one command over a connection of its own. Answers within a second or fails: the server may hang. */
export async function callRedis(url: string, ...[command, ...args]: [string, ...(string | number)[]]): Promise<unknown> {
  const { Redis } = await import('ioredis')
  const redis = new Redis(url, {
    lazyConnect: true,
    enableReadyCheck: false,
    connectTimeout: 1_000,
    commandTimeout: 1_000,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  })
  redis.on('error', () => {}) // the call is rejected with it
  try {
    await redis.connect()
    return await redis.call(command, ...args)
  } finally {
    redis.disconnect()
  }
}
