export { RedisCluster, startCluster } from './lib/servers/redis/cluster.ts'
export { RedisSentinel, startSentinel } from './lib/servers/redis/sentinel.ts'
export { RedisServer, startRedis } from './lib/servers/redis/server.ts'
export type { RedisOptions } from './lib/servers/redis/server.ts'
