import { WardstoneError } from '@wardstone/core'
import { requestIdKey, type HttpContext } from './context.ts'
import { mergeHeaders, type HeaderList } from './headers.ts'
import type { Reply } from './reply.ts'
import { closing } from './unread.ts'

/** What a problem document says. */
export interface ProblemInput {
  readonly status: number
  /** A literal in snake_case; `type` is `urn:wardstone:error:<code>`. */
  readonly code: string
  /** The same for every occurrence. Default: the phrase of the status. */
  readonly title?: string | undefined
  /** What this caller can do about it. Never a value that was sent. */
  readonly detail?: string | undefined
  /** At 422: where the body is wrong, by JSON pointer. */
  readonly errors?: ReadonlyArray<{ readonly pointer: string; readonly code: string }> | undefined
  readonly headers?: HeaderList | undefined
}

const PHRASES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  409: 'Conflict',
  413: 'Content Too Large',
  414: 'URI Too Long',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
}

/**
 * What problem documents say for everybody: of requests that no framework can read, of paths, methods and faults.
 *
 * - `malformed_request`: 400. The request cannot be read, most often because the body is no JSON.
 * - `cors_origin_refused`: 403. Pages of this origin may not send such a request.
 * - `cross_site_request`: 403. Another site caused the request, as far as the browser tells.
 * - `csrf_token_invalid`: 403. The token in the header `x-csrf-token` is missing, or is not one of this session.
 * - `https_required`: 403. The request came without TLS, and is of a kind that is not redirected.
 * - `forbidden`: 403. The framework or the application refused it.
 * - `not_found`: 404. There is nothing under this path, or nothing that may be seen.
 * - `method_not_allowed`: 405. The path takes other methods.
 * - `request_timeout`: 408. The request took too long to arrive.
 * - `body_too_large`: 413. The body is longer than the route takes.
 * - `uri_too_long`: 414. The address is longer than the server takes.
 * - `unsupported_media_type`: 415. The body is not JSON.
 * - `rate_limited`: 429. Too many requests.
 * - `headers_too_large`: 431. The headers are longer than the server takes.
 * - `request_refused`: Any other status from 400 to 499 that an error carried.
 * - `internal_error`: 500. A fault on this side; what it was, only the server's log knows.
 */
export type ProblemCode =
  | 'malformed_request'
  | 'cors_origin_refused'
  | 'cross_site_request'
  | 'csrf_token_invalid'
  | 'https_required'
  | 'forbidden'
  | 'not_found'
  | 'method_not_allowed'
  | 'request_timeout'
  | 'body_too_large'
  | 'uri_too_long'
  | 'unsupported_media_type'
  | 'rate_limited'
  | 'headers_too_large'
  | 'request_refused'
  | 'internal_error'

/** How faults that a framework throws by their status are called. */
const CODES: Readonly<Record<number, ProblemCode>> = {
  400: 'malformed_request',
  403: 'forbidden',
  404: 'not_found',
  405: 'method_not_allowed',
  408: 'request_timeout',
  413: 'body_too_large',
  414: 'uri_too_long',
  415: 'unsupported_media_type',
  429: 'rate_limited',
  431: 'headers_too_large',
}

const JSON_HEADERS: HeaderList = [
  ['content-type', 'application/problem+json'],
  ['cache-control', 'no-store'],
]
/** After these, some of the body may not have been read. It never will be: the connection ends with the answer. */
const UNREAD: ReadonlySet<number> = new Set([400, 413, 415])

/**
 * Writes a problem document, with the id of the request.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9457 | RFC 9457}
 */
export function problem(ctx: HttpContext, input: ProblemInput): Reply {
  const body = JSON.stringify({
    type: `urn:wardstone:error:${input.code}`,
    title: input.title ?? PHRASES[input.status] ?? 'Error',
    status: input.status,
    code: input.code,
    detail: input.detail,
    requestId: ctx.state.get(requestIdKey),
    errors: input.errors,
  })
  return { status: input.status, headers: mergeHeaders(JSON_HEADERS, input.headers ?? []), body }
}

/**
 * The problem that answers a thrown error. A fault that may pass is 503 with `Retry-After`; a framework's own refusal
 * (a body that is too large or malformed) and an error with `expose: true` keep a status of 4xx, and of their headers `allow`,
 * `content-range`, `retry-after` and `www-authenticate`; anything else is 500. The error's message is never shown.
 */
export function faultProblem(ctx: HttpContext, error: unknown): Reply {
  if (mayPass(error)) {
    const headers: HeaderList =
      error.retryAfterMs === undefined ? [] : [['retry-after', String(Math.ceil(error.retryAfterMs / 1000))]]
    return problem(ctx, { status: 503, code: error.code, headers })
  }
  const status = statusOf(error)
  if (status >= 500) return problem(ctx, { status: 500, code: 'internal_error' })
  const headers = mergeHeaders(passedOn(error), UNREAD.has(status) ? closing(ctx) : [])
  return problem(ctx, { status, code: CODES[status] ?? 'request_refused', headers })
}

/** The problem that answers a path which no route has. */
export function notFoundProblem(ctx: HttpContext): Reply {
  return problem(ctx, { status: 404, code: 'not_found' })
}

function mayPass(error: unknown): error is WardstoneError {
  try {
    return error instanceof WardstoneError && error.retryable
  } catch {
    return false // anything can be thrown, also what throws at whoever looks at it
  }
}

interface StatusCarrier {
  readonly status?: unknown
  readonly statusCode?: unknown
  readonly expose?: unknown
  readonly code?: unknown
  readonly headers?: unknown
}

/**
 * The client-error status of what a framework throws, or code that means to tell the client (`http-errors`, `ctx.throw`);
 * 500 for everything else. A status alone is not believed: the errors of HTTP clients carry that of somebody else's answer,
 * and a 401 of theirs would sign people out of here.
 */
function statusOf(error: unknown): number {
  try {
    const carrier = (error ?? {}) as StatusCarrier
    const framework = error instanceof URIError || (typeof carrier.code === 'string' && carrier.code.startsWith('FST_'))
    const status = carrier.statusCode ?? carrier.status
    return (framework || carrier.expose === true) && isClientError(status) ? status : 500
  } catch {
    return 500 // a getter that throws: whatever it meant to say
  }
}

function isClientError(status: unknown): status is number {
  return typeof status === 'number' && Number.isInteger(status) && status >= 400 && status < 500
}

/** Without these, the client cannot act on its status. Anything else that the error carries stays here. */
const MEANT_FOR_CLIENTS: ReadonlySet<string> = new Set(['allow', 'content-range', 'retry-after', 'www-authenticate'])

/** The headers of an error whose status is believed. */
function passedOn(error: unknown): HeaderList {
  try {
    const given = Object.entries(((error as StatusCarrier).headers ?? {}) as Readonly<Record<string, unknown>>)
    return given
      .filter(([, value]) => typeof value === 'number' || typeof value === 'string')
      .map(([name, value]) => [name.toLowerCase() as Lowercase<string>, String(value)] as const)
      .filter(([name, value]) => MEANT_FOR_CLIENTS.has(name) && /^[\t\x20-\x7e]+$/.test(value))
  } catch {
    return []
  }
}
