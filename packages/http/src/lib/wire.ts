import { forget, isThenable } from '@wardstone/core'
import type { ClosedHook, HeadHook, HeadView } from './decision.ts'
import { SHARED_CACHES } from './cached.ts'
import { uniteVary, type HeaderList } from './headers.ts'
import type { Reply } from './reply.ts'

/** Where headers go: a response, or the framework's own collection of them. */
export interface HeaderTarget {
  get(name: string): number | string | readonly string[] | undefined
  /** In place of an earlier value, where that one stood. */
  set(name: string, value: string): void
  /** One more line of this name. */
  append(name: string, value: string): void
  /** All lines of this name. */
  remove(name: string): void
}

/**
 * What describes a body that is not sent after all, or what a client or a cache should have done with it. Removed before a problem
 * is written, or a compressed page that failed would leave its `content-encoding` on the plain text, and a failure of a minute would
 * stay in a cache that follows a header of its own.
 */
export const CONTENT_HEADERS: readonly string[] = [
  'accept-ranges',
  ...SHARED_CACHES,
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-location',
  'content-range',
  'etag',
  'expires',
  'last-modified',
  'location',
  'refresh',
  'trailer',
  'transfer-encoding',
]

/** Adds headers: cookies are appended, `Vary` is united, anything else replaces, and what is empty removes. */
export function addHeaders(target: HeaderTarget, headers: HeaderList): void {
  for (const [name, value] of headers) {
    if (value === '') {
      if (name !== 'set-cookie' && name !== 'vary') target.remove(name)
    } else if (name === 'set-cookie') target.append(name, value)
    else target.set(name, name === 'vary' ? uniteVary(textOf(target.get(name)), value) : value)
  }
}

/** What is sent for a reply: length and type stated, no body where none may be. */
export function wireReply(reply: Reply): { readonly headers: HeaderList; readonly body: Buffer<ArrayBuffer> | undefined } {
  const headers = reply.headers ?? []
  if (reply.status === 204 || reply.status === 304) {
    return { headers: headers.filter(([name]) => name !== 'content-type' && name !== 'content-length'), body: undefined }
  }
  const body = Buffer.from(reply.body ?? '')
  const typed = body.length === 0 || headers.some(([name]) => name === 'content-type')
  const added: HeaderList = [['content-length', String(body.length)]]
  return { headers: [...headers, ...(typed ? [] : OCTETS), ...added], body }
}

const OCTETS: HeaderList = [['content-type', 'application/octet-stream']]

/** The head of a response as its headers stand now. */
export function headView(status: number, target: HeaderTarget): HeadView {
  return { status, header: (name) => textOf(target.get(name)) }
}

/** Runs hooks just before the head is sent. One that throws or is asynchronous adds nothing: hosts write the head where nobody can catch. */
export function runHeads(hooks: readonly HeadHook[], status: number, target: HeaderTarget): void {
  const view = headView(status, target)
  for (const hook of hooks) {
    try {
      const added: unknown = hook(view)
      if (added === undefined) continue
      if (isThenable(added)) forget(added)
      else addHeaders(target, (added as HeaderList | null) ?? [])
    } catch {
      // The process of a host on Node would end.
    }
  }
}

/** Runs hooks when the response is over: nobody is left to tell of one that throws, now or later, and the others must run. */
export function runClosed(hooks: readonly ClosedHook[], status: number | undefined): void {
  for (const hook of hooks) {
    try {
      forget(hook({ status }))
    } catch {
      // See above.
    }
  }
}

function textOf(value: number | string | readonly string[] | undefined): string | undefined {
  return value === undefined ? undefined : typeof value === 'object' ? value.join(', ') : String(value)
}
