import type { Outgoing } from './exchange.ts'
import { OutboundError } from './outbound-error.ts'

const FOLLOWED: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

/** Where an answer leads, if it leads anywhere. */
export function locationOf(status: number, headers: Headers): string | undefined {
  return FOLLOWED.has(status) ? (headers.get('location') ?? undefined) : undefined
}

/**
 * What goes to another origin, apart from the body. Everything else stays: credentials have many names, and `authorization`
 * and `cookie` are only two of them.
 */
const NEUTRAL: ReadonlySet<string> = new Set(['accept', 'accept-encoding', 'accept-language', 'user-agent'])

/**
 * The request that follows a redirect.
 *
 * @throws {@link OutboundError} `outbound_redirect_refused` when the way leads out of TLS or nowhere
 * @see {@link https://www.rfc-editor.org/rfc/rfc9110#section-15.4 | RFC 9110 section 15.4}
 */
export function redirected(request: Outgoing, status: number, location: string): Outgoing {
  const { url: from, method } = request
  if (!URL.canParse(location, from.href)) throw redirectRefused(from, 'leads nowhere')
  const url = new URL(location, from.href)
  if (from.protocol === 'https:' && url.protocol !== 'https:') throw redirectRefused(from, 'leads out of TLS')
  const becomesGet = status === 303 ? method !== 'HEAD' && method !== 'GET' : status < 303 && method === 'POST'
  const body = becomesGet ? undefined : request.body
  const same = url.origin === from.origin
  const headers = new Headers()
  for (const [name, value] of request.headers) {
    const describesBody = name.startsWith('content-')
    if (describesBody ? body !== undefined : same || NEUTRAL.has(name)) headers.set(name, value)
  }
  return { url, method: becomesGet ? 'GET' : method, headers, body }
}

/** The redirect of a host that is not followed. */
export function redirectRefused(from: URL, why: string): OutboundError {
  return new OutboundError('outbound_redirect_refused', `${from.hostname}: the redirect ${why}`)
}
