import { ConfigurationError } from '@wardstone/core'
import { createRedis } from '@wardstone/redis'
import { available, startRedis } from '@wardstone/testkit/servers'
import { Redis } from 'ioredis'
import { describe, expect, it, vi } from 'vitest'
import { redisStore } from '../../src/redis.ts'
import { kit, signIn } from '../kit/service.ts'

describe.skipIf(!(await available('redis-server')))('a Redis that evicts keys', { timeout: 30_000 }, () => {
  it('[TOK-13] takes no sessions once that is known, and none is refused elsewhere', async () => {
    vi.spyOn(process, 'emitWarning').mockReturnValue()
    const server = await startRedis()
    const client = new Redis(server.url, { enableOfflineQueue: false, maxRetriesPerRequest: 1 })
    await new Promise((resolve) => client.once('ready', resolve))
    const redis = createRedis({ client })
    try {
      const fit = redisStore({ redis })
      const { tokens } = kit({ store: fit })
      for (let i = 0; i < 3; i++) await signIn(tokens)
      fit.close()

      await client.config('SET', 'maxmemory-policy', 'allkeys-lru')
      const evicting = redisStore({ redis })
      const { tokens: refused } = kit({ store: evicting })
      await redis.health() // asked after the store has asked
      await expect(refused.issue({ sub: 'ana' })).rejects.toThrow(ConfigurationError)
      await expect(refused.issue({ sub: 'ana' })).rejects.toThrow(/maxmemory-policy noeviction/)
      evicting.close()
    } finally {
      redis.close()
      client.disconnect()
      await server.stop()
    }
  })
})
