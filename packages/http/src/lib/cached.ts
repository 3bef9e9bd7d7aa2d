import type { HeadView } from './decision.ts'
import type { HeaderList } from './headers.ts'

/** What caches of a network follow before `Cache-Control`: RFC 9213, and what came before it. */
export const SHARED_CACHES = ['cdn-cache-control', 'surrogate-control'] as const

/** What keeps a response out of every cache, those included that follow a header of their own. */
export function storedNowhere(head: HeadView): HeaderList {
  const followed = SHARED_CACHES.filter((name) => head.header(name) !== undefined)
  return followed.length === 0 ? NO_STORE : [...NO_STORE, ...followed.map((name) => [name, 'no-store'] as const)]
}

const NO_STORE: HeaderList = [['cache-control', 'no-store']]
