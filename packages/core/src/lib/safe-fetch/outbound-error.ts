import { WardstoneError } from '../error.ts'

/**
 * Why a request to somebody else's server was not made, or came to nothing.
 *
 * - `outbound_host_refused`: The URL is none that may be asked: another host, port or scheme than those listed, or one with a user name.
 * - `outbound_address_refused`: The host's name leads to an address that may not be asked, such as one of the own network.
 * - `outbound_timeout`: The whole answer did not come in time.
 * - `outbound_too_large`: The answer is longer than may be read.
 * - `outbound_redirect_refused`: The answer leads to where no request may go, or once more than allowed.
 * - `outbound_failed`: There was no connection, no valid certificate or no readable answer.
 */
export type OutboundErrorCode =
  | 'outbound_host_refused'
  | 'outbound_address_refused'
  | 'outbound_timeout'
  | 'outbound_too_large'
  | 'outbound_redirect_refused'
  | 'outbound_failed'

/**
 * An outbound request was refused or failed. The message names the host, never the path, the query, a header or a part of the
 * answer: webhooks keep their secrets in paths.
 */
export class OutboundError extends WardstoneError<OutboundErrorCode> {
  readonly code: OutboundErrorCode

  constructor(code: OutboundErrorCode, message: string, retryable = false) {
    super(message, { retryable })
    this.code = code
  }
}

/** What may pass by itself. A certificate that is wrong or a name that nobody has will be so in a minute. */
const PASSING: ReadonlySet<string> = new Set([
  'EAI_AGAIN',
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'EMFILE',
  'ENETUNREACH',
  'EPIPE',
  'ETIMEDOUT',
])

/** What Node said, by its code alone: its errors hold addresses, certificates and raw bytes of the answer. */
export function failed(host: string, error: unknown): OutboundError {
  if (error instanceof OutboundError) return error
  const reason = codeOf(error)
  return new OutboundError('outbound_failed', `${host}: ${reason ?? 'the request failed'}`, PASSING.has(reason ?? ''))
}

/** The code of an error, or of the first of several that were tried. */
function codeOf(error: unknown): string | undefined {
  const { code, errors } = (error ?? {}) as { readonly code?: unknown; readonly errors?: unknown }
  const own = typeof code === 'string' && /^[A-Z][A-Z\d_]{2,60}$/.test(code) ? code : undefined
  return own ?? (Array.isArray(errors) && errors.length > 0 ? codeOf(errors[0]) : undefined)
}
