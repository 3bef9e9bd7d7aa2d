import type { OutgoingHttpHeader, ServerResponse } from 'node:http'
import type { ServerHttp2Stream } from 'node:http2'
import type { ClosedHook, HeadHook, Reply } from '../decision.ts'
import type { Outcome } from '../runner.ts'
import { addHeaders, runClosed, runHeads, wireReply, type HeaderTarget } from '../wire.ts'

/**
 * Puts on a response what guards asked for: headers at once, the rest when its time comes.
 *
 * @param target - where headers are collected until they are sent; the response itself by default
 * @throws TypeError when a guard's header is not one that can be sent
 */
export function applyOutcome(response: ServerResponse, outcome: Outcome, target: HeaderTarget = headersOf(response)): void {
  if (outcome.closed.length > 0) onceClosed(response, outcome.closed)
  if (response.headersSent || isGone(response)) return // while an asynchronous guard was thinking
  if (outcome.heads.length > 0) beforeHead(response, outcome.heads)
  addHeaders(target, outcome.headers)
}

/**
 * Ends a response with a whole reply. If a head has already been sent, nothing true can be said any more and the
 * connection is cut.
 */
export function endReply(response: ServerResponse, reply: Reply): void {
  if (isGone(response)) return
  if (response.headersSent) {
    if (!response.writableEnded) response.destroy()
    return
  }
  const { headers, body } = wireReply(reply)
  response.statusCode = reply.status
  // Whoever answered before it failed may have said its own phrase. (HTTP/2 has none.)
  if (response.req.httpVersionMajor < 2) response.statusMessage = ''
  addHeaders(headersOf(response), headers)
  response.end(response.req.method === 'HEAD' ? undefined : body)
}

/** The headers of a response. */
export function headersOf(response: ServerResponse): HeaderTarget {
  return new ResponseHeaders(response)
}

/** One object for a response; four functions made anew would cost more than what they do. */
class ResponseHeaders implements HeaderTarget {
  readonly #response: ServerResponse

  constructor(response: ServerResponse) {
    this.#response = response
  }

  get(name: string): ReturnType<HeaderTarget['get']> {
    return this.#response.getHeader(name)
  }

  set(name: string, value: string): void {
    this.#response.setHeader(name, value)
  }

  append(name: string, value: string): void {
    this.#response.appendHeader(name, value)
  }

  remove(name: string): void {
    this.#response.removeHeader(name)
  }
}

/**
 * Where a response keeps the hooks that wait for its head; guards of several mounts share one list, so that they run in order. On the
 * response itself, the same in every copy of this package that is installed: a weak map would cost more than all hooks do.
 */
const WAITING: unique symbol = Symbol.for('wardstone.http.heads')
/** What `writeHead` was before: Node's own, or that of another library. */
const ORIGINAL: unique symbol = Symbol.for('wardstone.http.write head')

interface Carrier extends ServerResponse {
  [WAITING]?: HeadHook[]
  [ORIGINAL]?: ServerResponse['writeHead']
}

/**
 * Runs the hooks when the head is about to be written. Every framework on Node, and Node itself for an implicit head,
 * ends in `writeHead`, so its one replacement sees them all, hijacked and streamed responses included.
 */
function beforeHead(response: ServerResponse, heads: readonly HeadHook[]): void {
  const carrier: Carrier = response
  const earlier = carrier[WAITING]
  if (earlier !== undefined) {
    earlier.push(...heads)
    return
  }
  carrier[WAITING] = [...heads]
  carrier[ORIGINAL] = response.writeHead // oxlint-disable-line typescript/unbound-method -- it is put back where it was
  response.writeHead = writeHeadAfterHooks
}

/** One function for all responses: made anew for each, it would cost more than most hooks do. */
function writeHeadAfterHooks(this: Carrier, status: number, ...rest: unknown[]): ServerResponse {
  this.writeHead = this[ORIGINAL] as ServerResponse['writeHead']
  const reason = typeof rest[0] === 'string' ? rest[0] : undefined
  if (rest.length > 0) {
    setAll(
      this,
      rest.find((arg) => typeof arg === 'object'),
    )
  }
  runHeads(this[WAITING] ?? [], status, headersOf(this))
  return reason === undefined ? this.writeHead(status) : this.writeHead(status, reason)
}

function setAll(response: ServerResponse, headers: unknown): void {
  if (Array.isArray(headers)) {
    const flat = headers.flat() as string[]
    const lines = Array.from({ length: flat.length / 2 }, (_, i) => [String(flat[2 * i]), flat[2 * i + 1] ?? ''] as const)
    // In a list a name may stand more than once, and all its lines are sent.
    for (const [name] of lines) response.removeHeader(name)
    for (const [name, value] of lines) response.appendHeader(name, value)
  } else if (typeof headers === 'object' && headers !== null) {
    for (const [name, value] of Object.entries(headers)) {
      if (value !== undefined) response.setHeader(name, value as OutgoingHttpHeader)
    }
  }
}

/** `finish` means that the whole response was handed over; a `close` without it, that the client went first. */
function onceClosed(response: ServerResponse, closed: readonly ClosedHook[]): void {
  const stream = streamOf(response)
  const settle = (): void => {
    const whole = stream === undefined ? response.writableFinished : isWhole(stream)
    runClosed(closed, whole ? response.statusCode : undefined)
  }
  // While an asynchronous guard was thinking, the client may have gone.
  if (stream === undefined ? response.closed : stream.destroyed) settle()
  else response.once('close', settle)
}

/** Whether nobody is left to answer, and a response of HTTP/2 throws at whoever tries. */
export function isGone(response: ServerResponse): boolean {
  return streamOf(response)?.destroyed === true
}

/** What carries a response over HTTP/2. Its response of the compatibility API finishes also when the client cancels, and is never closed. */
function streamOf({ req }: ServerResponse): ServerHttp2Stream | undefined {
  return req.httpVersionMajor < 2 ? undefined : (req as unknown as { readonly stream: ServerHttp2Stream }).stream
}

/** Also where the client's end came first: it asked for nothing more than it got. */
function isWhole({ aborted, rstCode, writableFinished }: ServerHttp2Stream): boolean {
  return writableFinished && !aborted && rstCode === 0
}
