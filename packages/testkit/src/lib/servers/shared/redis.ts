import { randomBytes } from 'node:crypto'
import { callRedis } from '../redis/call.ts'
import { shared } from './run.ts'

/** A Redis that others use too, and a word that keeps them apart. */
export interface SharedRedis {
  readonly url: string
  /** Nobody else has this word: put it into every key, as a prefix or as a namespace. */
  readonly word: string
  /** Removes every key with the word in it. */
  clear(): Promise<void>
}

/**
 * The Redis of this run: that of `REDIS_URL`, or one that is started for all. Tests that flush, stop or hang it start
 * their own.
 */
export async function sharedRedis(): Promise<SharedRedis> {
  const url = process.env['REDIS_URL'] ?? (await shared('redis'))
  const word = randomBytes(8).toString('hex')
  return {
    url,
    word,
    async clear() {
      let cursor = '0'
      do {
        const answer = await callRedis(url, 'SCAN', cursor, 'MATCH', `*${word}*`, 'COUNT', 1_000)
        const [next, keys] = answer as [string, string[]]
        if (keys.length > 0) await callRedis(url, 'UNLINK', ...keys)
        cursor = next
      } while (cursor !== '0')
    },
  }
}
