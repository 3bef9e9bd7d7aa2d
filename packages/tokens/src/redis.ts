export { redisFeed, redisStore } from './lib/redis/redis-store.ts'
export type { RedisFeedOptions, RedisSessionStore, RedisStoreOptions } from './lib/redis/redis-store.ts'
