import { STATUS_CODES } from 'node:http'
import type { BaselineOptions } from '@wardstone/http'
import type { HttpRoute } from './host.ts'
import type { Probe } from './probe.ts'
import { REQUEST_ID, type Transcript } from './transcript.ts'

/** One row of the table: an application, a request, and what must come of it. */
export interface HttpCase {
  /** What is shown, as a sentence. Unique in the table. */
  readonly title: string
  readonly baseline?: BaselineOptions | undefined
  readonly routes: (probe: Probe) => readonly HttpRoute[]
  /** The request's bytes. */
  readonly request: string
  /** The client goes away once this has been noted or has arrived. Default: it stays until the server ends the connection. */
  readonly leave?: { readonly noted: string } | { readonly arrived: string } | undefined
  readonly expect: Transcript
}

/** The policy of the preset for pages, over plain http. */
export const PAGE_POLICY =
  "default-src 'self'; script-src 'self'; style-src 'self' https://fonts.googleapis.com; font-src 'self' https://fonts.gstatic.com; " +
  "img-src 'self' data: https: blob:; connect-src 'self'; frame-src 'none'; object-src 'none'; base-uri 'self'; form-action 'self'; " +
  "frame-ancestors 'none'"

/** What every response of a case's application starts with. */
export const BASELINE: Transcript['headers'] = [
  ['x-request-id', REQUEST_ID],
  ['content-security-policy', PAGE_POLICY],
  ['x-content-type-options', 'nosniff'],
  ['x-frame-options', 'DENY'],
  ['x-xss-protection', '0'],
  ['referrer-policy', 'strict-origin-when-cross-origin'],
  [
    'permissions-policy',
    'accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), hid=(), idle-detection=(), magnetometer=(), ' +
      'microphone=(), midi=(), payment=(), serial=(), usb=(), xr-spatial-tracking=()',
  ],
  ['cross-origin-opener-policy', 'same-origin'],
  ['cross-origin-resource-policy', 'same-origin'],
  ['origin-agent-cluster', '?1'],
]

/** The same over TLS, as a trusted proxy may say. */
export const BASELINE_OVER_TLS: Transcript['headers'] = BASELINE.flatMap(([name, value]) =>
  name === 'content-security-policy'
    ? [
        [name, `${value}; upgrade-insecure-requests`],
        ['strict-transport-security', 'max-age=31536000; includeSubDomains'],
      ]
    : [[name, value]],
)

const CLOSE: Transcript['headers'][number] = ['Connection', 'close']

/** A request without a body, after which the connection ends. */
export function ask(line: string, ...headers: readonly string[]): string {
  return [`${line} HTTP/1.1`, 'Host: app.test', 'Connection: close', ...headers, '', ''].join('\r\n')
}

/** A request with a body that is announced in full. The connection is kept unless the server ends it. */
export function post(path: string, headers: readonly string[], body: string): string {
  const length = `Content-Length: ${Buffer.byteLength(body, 'latin1')}`
  return [`POST ${path} HTTP/1.1`, 'Host: app.test', 'Connection: close', ...headers, length, '', body].join('\r\n')
}

/** A request with a JSON body, or another, that comes by chunks; without an empty one at its end it does not end. */
export function chunked(path: string, headers: readonly string[], ...chunks: readonly string[]): string {
  const head = [`POST ${path} HTTP/1.1`, 'Host: app.test', 'Connection: close', ...headers, 'Transfer-Encoding: chunked', '', '']
  return head.join('\r\n') + chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join('')
}

/** Without a client that asks for it, only the server can end the connection. */
export function persistent(request: string): string {
  return request.replace('Connection: close\r\n', '')
}

/** A whole response: baseline, the guards' headers, those of the reply, its length, and the end of the connection. */
export function response(
  status: number,
  parts: {
    /** Of a case with a baseline of its own. */
    readonly baseline?: Transcript['headers']
    readonly guards?: Transcript['headers']
    readonly headers?: Transcript['headers']
    readonly body?: string
    /** For `HEAD`. */
    readonly length?: number
    readonly notes?: readonly string[]
  } = {},
): Transcript {
  const { baseline = BASELINE, guards = [], headers = [], notes = [] } = parts
  const body = Buffer.from(parts.body ?? '').toString('latin1')
  const length: Transcript['headers'] = status === 204 ? [] : [['content-length', String(parts.length ?? body.length)]]
  const closes = headers.some(([name]) => name === 'connection')
  const sent = [...baseline, ...guards, ...headers, ...length, ...(closes ? [] : [CLOSE])]
  return { status, reason: STATUS_CODES[status] ?? '', headers: sent, body, cut: false, notes }
}

/** A problem document. */
export function refusal(
  status: number,
  code: string,
  title: string,
  parts: {
    readonly baseline?: Transcript['headers']
    readonly guards?: Transcript['headers']
    readonly headers?: Transcript['headers']
    readonly detail?: string
    readonly notes?: readonly string[]
  } = {},
): Transcript {
  const { baseline = BASELINE, guards = [], headers = [], detail, notes = [] } = parts
  const body = { type: `urn:wardstone:error:${code}`, title, status, code, detail, requestId: REQUEST_ID }
  return response(status, {
    baseline,
    guards,
    headers: [['content-type', 'application/problem+json'], ['cache-control', 'no-store'], ...headers],
    body: JSON.stringify(body),
    notes,
  })
}
