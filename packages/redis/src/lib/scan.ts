import { inTime } from './deadline.ts'
import { isCluster, nameOf, type Link } from './link.ts'
import { OneShot } from './one-shot.ts'

/** Asks one node for a page, under a deadline and with the errors of {@link RedisConnection}. */
export type AskPage = (node: string, command: OneShot, send: Parameters<typeof inTime<unknown>>[1]) => Promise<unknown>

/** Walks through the keys of all masters: `SCAN` on a Cluster would go to any one of them. */
export async function* scanKeys(
  link: Link,
  pattern: string,
  count: number,
  masters: () => ReturnType<Link['masters']>,
  ask: AskPage,
): AsyncGenerator<string, void, undefined> {
  // A prefix of the client's is no pattern, and is not the caller's.
  const match = link.keyPrefix.replace(/[\\*?[\]]/g, '\\$&') + pattern
  for (const node of await masters()) {
    const name = isCluster(link.client) ? nameOf(node) : ''
    let cursor = '0'
    do {
      const command = new OneShot('scan', [cursor, 'MATCH', match, 'COUNT', `${count}`])
      const page = await ask(name, command, (deadline) => link.sendTo(node, command, deadline))
      const [next, keys] = page as [string, string[]]
      for (const key of keys) yield key.slice(link.keyPrefix.length)
      cursor = String(next)
    } while (cursor !== '0')
  }
}
