export { redisKeyDocument } from './lib/redis/key-document.ts'
export type { RedisKeyDocumentOptions } from './lib/redis/key-document.ts'
export { redisFeed, redisStore } from './lib/redis/redis-store.ts'
export type { RedisFeedOptions, RedisSessionStore, RedisStoreOptions } from './lib/redis/redis-store.ts'
