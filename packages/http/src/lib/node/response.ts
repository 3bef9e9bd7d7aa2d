import type { OutgoingHttpHeader, ServerResponse } from 'node:http'
import type { ClosedHook, HeadHook, Reply } from '../decision.ts'
import { uniteVary, type HeaderList } from '../headers.ts'
import type { Outcome } from '../runner.ts'

/** Where an adapter's headers go: the response itself, or the framework's own collection of them. */
export interface HeaderTarget {
  get(name: string): OutgoingHttpHeader | undefined
  /** In place of an earlier value, where that one stood. */
  set(name: string, value: string): void
  /** One more line of this name. */
  append(name: string, value: string): void
}

/**
 * What describes a body that is not sent after all. Removed before a problem is written, or a compressed page that
 * failed would leave its `content-encoding` on the plain text.
 */
export const CONTENT_HEADERS: readonly string[] = [
  'accept-ranges',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-range',
  'etag',
  'expires',
  'last-modified',
  'trailer',
  'transfer-encoding',
]

/**
 * Puts on a response what guards asked for: headers at once, the rest when its time comes.
 *
 * @param target - where headers are collected until they are sent; the response itself by default
 * @throws TypeError when a guard's header is not one that can be sent
 */
export function applyOutcome(response: ServerResponse, outcome: Outcome, target: HeaderTarget = targetOf(response)): void {
  if (outcome.closed.length > 0) onceClosed(response, outcome.closed)
  if (response.headersSent) return // somebody answered while an asynchronous guard was thinking
  if (outcome.heads.length > 0) beforeHead(response, outcome.heads)
  addHeaders(target, outcome.headers)
}

/** Adds headers: cookies are appended, `Vary` is united, anything else replaces. */
export function addHeaders(target: HeaderTarget, headers: HeaderList): void {
  for (const [name, value] of headers) {
    if (name === 'set-cookie') target.append(name, value)
    else target.set(name, name === 'vary' ? uniteVary(textOf(target.get(name)), value) : value)
  }
}

/** What is sent for a reply: length and type stated, no body where none may be. */
export function wireReply(reply: Reply): { readonly headers: HeaderList; readonly body: Buffer | undefined } {
  const headers = reply.headers ?? []
  if (reply.status === 204 || reply.status === 304) return { headers, body: undefined }
  const body = Buffer.from(reply.body ?? '')
  const typed = body.length === 0 || headers.some(([name]) => name === 'content-type')
  const added: HeaderList = [['content-length', String(body.length)]]
  return { headers: [...headers, ...(typed ? [] : OCTETS), ...added], body }
}

const OCTETS: HeaderList = [['content-type', 'application/octet-stream']]

/**
 * Ends a response with a whole reply. If a head has already been sent, nothing true can be said any more and the
 * connection is cut.
 */
export function endReply(response: ServerResponse, reply: Reply): void {
  if (response.headersSent) {
    if (!response.writableEnded) response.destroy()
    return
  }
  const { headers, body } = wireReply(reply)
  response.statusCode = reply.status
  addHeaders(targetOf(response), headers)
  response.end(response.req.method === 'HEAD' ? undefined : body)
}

function targetOf(response: ServerResponse): HeaderTarget {
  return {
    get: (name) => response.getHeader(name),
    set: (name, value) => void response.setHeader(name, value),
    append: (name, value) => void response.appendHeader(name, value),
  }
}

/** The hooks that wait for a response's head; guards of several mounts share one list, so that they run in order. */
const waiting = new WeakMap<ServerResponse, HeadHook[]>()

/**
 * Runs the hooks when the head is about to be written. Every framework on Node, and Node itself for an implicit head,
 * ends in `writeHead`, so its one replacement sees them all, hijacked and streamed responses included.
 */
function beforeHead(response: ServerResponse, heads: readonly HeadHook[]): void {
  const earlier = waiting.get(response)
  if (earlier !== undefined) {
    earlier.push(...heads)
    return
  }
  const hooks = [...heads]
  waiting.set(response, hooks)
  const original = response.writeHead.bind(response)
  response.writeHead = function writeHead(status: number, ...rest: unknown[]): ServerResponse {
    response.writeHead = original
    const reason = typeof rest[0] === 'string' ? rest[0] : undefined
    setAll(
      response,
      rest.find((arg) => typeof arg === 'object'),
    )
    const view = { status, header: (name: string) => textOf(response.getHeader(name)) }
    for (const hook of hooks) {
      try {
        addHeaders(targetOf(response), hook(view) ?? [])
      } catch {
        // Frameworks write the head where nobody can catch, and the process would end: the hook adds nothing.
      }
    }
    return reason === undefined ? response.writeHead(status) : response.writeHead(status, reason)
  }
}

function setAll(response: ServerResponse, headers: unknown): void {
  if (Array.isArray(headers)) {
    const flat = headers.flat() as OutgoingHttpHeader[]
    for (let i = 0; i < flat.length; i += 2) response.setHeader(String(flat[i]), flat[i + 1] as OutgoingHttpHeader)
  } else if (typeof headers === 'object' && headers !== null) {
    for (const [name, value] of Object.entries(headers)) {
      if (value !== undefined) response.setHeader(name, value as OutgoingHttpHeader)
    }
  }
}

function textOf(value: OutgoingHttpHeader | undefined): string | undefined {
  return Array.isArray(value) ? value.join(', ') : value === undefined ? undefined : String(value)
}

/** `finish` means that the whole response was handed over; a `close` without it, that the client went first. */
function onceClosed(response: ServerResponse, closed: readonly ClosedHook[]): void {
  const settle = (): void => {
    const end = { status: response.writableFinished ? response.statusCode : undefined }
    for (const hook of closed) {
      try {
        hook(end)
      } catch {
        // The response is over: nobody is left to tell, and the other hooks must run.
      }
    }
  }
  // While an asynchronous guard was thinking, the client may have gone.
  if (response.closed) settle()
  else response.once('close', settle)
}
