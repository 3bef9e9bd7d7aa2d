import type { OutgoingHttpHeader, ServerResponse } from 'node:http'
import type { ClosedHook, HeadHook, Reply } from '../decision.ts'
import { uniteVary, type HeaderList } from '../headers.ts'
import type { Outcome } from '../runner.ts'

/** Where an adapter's headers go: the response itself, or the framework's own collection of them. */
export interface HeaderTarget {
  get(name: string): OutgoingHttpHeader | undefined
  set(name: string, value: string | string[]): void
}

/**
 * Puts on a response what guards asked for: headers at once, the rest when its time comes.
 *
 * @param target - where headers are collected until they are sent; the response itself by default
 */
export function applyOutcome(response: ServerResponse, outcome: Outcome, target: HeaderTarget = targetOf(response)): void {
  addHeaders(target, outcome.headers)
  if (outcome.heads.length > 0) beforeHead(response, outcome.heads)
  if (outcome.closed.length > 0) onceClosed(response, outcome.closed)
}

/**
 * Ends a response with a whole reply. If a head has already been sent, nothing true can be said any more and the
 * connection is cut.
 */
export function endReply(response: ServerResponse, method: string, reply: Reply): void {
  if (response.headersSent) {
    if (!response.writableEnded) response.destroy()
    return
  }
  response.statusCode = reply.status
  addHeaders(targetOf(response), reply.headers ?? [])
  if (reply.status === 204 || reply.status === 304) {
    response.end()
    return
  }
  const body = typeof reply.body === 'string' ? Buffer.from(reply.body) : (reply.body ?? new Uint8Array())
  response.setHeader('content-length', String(body.byteLength))
  response.end(method === 'HEAD' ? undefined : body)
}

/** Adds headers: cookies are appended, `Vary` is united, anything else replaces. */
export function addHeaders(target: HeaderTarget, headers: HeaderList): void {
  for (const [name, value] of headers) {
    const earlier = name === 'set-cookie' || name === 'vary' ? target.get(name) : undefined
    if (earlier === undefined) target.set(name, value)
    else if (name === 'vary') target.set(name, uniteVary(String(earlier), value))
    else target.set(name, [...(Array.isArray(earlier) ? earlier.map(String) : [String(earlier)]), value])
  }
}

function targetOf(response: ServerResponse): HeaderTarget {
  return { get: (name) => response.getHeader(name), set: (name, value) => void response.setHeader(name, value) }
}

/**
 * Runs the hooks when the head is about to be written. Every framework on Node, and Node itself for an implicit head,
 * ends in `writeHead`, so its one replacement sees them all, hijacked and streamed responses included.
 */
function beforeHead(response: ServerResponse, heads: readonly HeadHook[]): void {
  const original = response.writeHead.bind(response)
  response.writeHead = function writeHead(status: number, ...rest: unknown[]): ServerResponse {
    response.writeHead = original
    const reason = typeof rest[0] === 'string' ? rest[0] : undefined
    setAll(response, reason === undefined ? rest[0] : rest[1])
    const target = targetOf(response)
    for (const head of heads) {
      addHeaders(target, head({ status, header: (name) => textOf(response.getHeader(name)) }) ?? [])
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
