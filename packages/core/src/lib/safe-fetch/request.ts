import { InvalidArgumentError } from '../error.ts'
import type { Outgoing } from './exchange.ts'
import { OutboundError } from './outbound-error.ts'

/** What is sent, as for `fetch`. */
export interface SafeFetchInit {
  /** Default `GET`. */
  readonly method?: string | undefined
  readonly headers?: Headers | Readonly<Record<string, string>> | ReadonlyArray<readonly [string, string]> | undefined
  /** Sent as it is. Say in `content-type` what it is. */
  readonly body?: string | Uint8Array | undefined
  /** Ends the request; its reason is thrown. */
  readonly signal?: AbortSignal | undefined
}

const TOKEN = /^[\w!#$%&'*+.^`|~-]{1,40}$/
/** They would make a tunnel, or send back what was sent. */
const REFUSED_METHODS: ReadonlySet<string> = new Set(['CONNECT', 'TRACE', 'TRACK'])
/** What decides where a request goes and where it ends is said once, by the URL and the body. */
const OURS =
  /^(?:host|connection|content-length|expect|keep-alive|te|trailer|transfer-encoding|upgrade|accept-encoding|proxy-.*|:.*)$/

/**
 * Reads what is to be sent, once.
 *
 * @throws {@link OutboundError} `outbound_host_refused` for what is no URL
 * @throws {@link InvalidArgumentError} `invalid_argument`
 */
export function outgoing(url: string | URL, init: SafeFetchInit = {}): Outgoing {
  const text = String(url)
  if (!URL.canParse(text)) throw new OutboundError('outbound_host_refused', 'the URL cannot be read, or is not absolute')
  const method = (init.method ?? 'GET').toUpperCase()
  if (!TOKEN.test(method) || REFUSED_METHODS.has(method))
    throw new InvalidArgumentError('method', 'expected one that may be sent')
  const { body } = init
  if (body !== undefined && typeof body !== 'string' && !(body instanceof Uint8Array))
    throw new InvalidArgumentError('body', 'expected a text or bytes')
  if (body !== undefined && (method === 'GET' || method === 'HEAD'))
    throw new InvalidArgumentError('body', `expected none with ${method}`)
  const headers = headersOf(init)
  headers.set('accept-encoding', 'identity') // a few compressed bytes become gigabytes
  // Said in any case: Node leaves it out for methods that have no body as a rule, and the next request would begin with this one's.
  if (body !== undefined) headers.set('content-length', String(Buffer.byteLength(body)))
  return { url: new URL(text), method, headers, body }
}

function headersOf({ headers: given }: SafeFetchInit): Headers {
  let headers: Headers
  try {
    headers = new Headers(given as ConstructorParameters<typeof Headers>[0])
  } catch {
    // The platform's own message repeats the value, and refuses line breaks as we would.
    throw new InvalidArgumentError('headers', 'expected names and values that can be sent')
  }
  for (const name of headers.keys())
    if (OURS.test(name)) throw new InvalidArgumentError('headers', `expected none of ${name}: it is set by the request itself`)
  return headers
}
