import type { OptionReader } from '@wardstone/core'
import { claimsTls } from './client.ts'
import { speaksTls, type HttpContext } from './context.ts'
import { deny } from './decision.ts'
import { isExcepted } from './exception.ts'
import type { Part } from './part.ts'
import type { Refused } from './reply.ts'
import { targetOf } from './request.ts'
import type { Site } from './site.ts'

/** What becomes of requests that came without TLS. */
export interface HttpsOptions {
  /** `redirect` sends reads to the first of `publicOrigins`, and refuses everything else. Default `redirect`. */
  readonly mode?: 'off' | 'redirect' | undefined
  /** Requests that may come without TLS: a load balancer's health checks. Whoever can send them can reach what they ask for. */
  readonly except?: ((ctx: HttpContext) => boolean) | undefined
}

/**
 * Keeps requests that came without TLS out. `GET` and `HEAD` are sent to the first of `publicOrigins` by a 308, never to what a
 * `Host` header says. Anything else is refused with `https_required`: what it carries has been sent in the clear already, and a
 * redirect would make the client send it again, without anybody noticing.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9110#section-15.4.9 | RFC 9110 section 15.4.9}
 */
export function readHttps(o: OptionReader, site: Site): Part | undefined {
  const given = o.value<HttpsOptions | string>('https', '', () => true)
  const bag = typeof given === 'object' && given !== null ? o.nested('https') : undefined
  const mode = bag === undefined ? o.oneOf('https', MODES, 'off') : bag.oneOf('mode', MODES, 'redirect')
  const except = bag?.callback<HttpsOptions['except']>('except')
  if (mode === 'off') return undefined
  const [home] = site.publicOrigins
  if (home === undefined || !home.startsWith('https://')) {
    o.problem('publicOrigins', 'required by https: the first must be one of https, where requests without TLS are sent')
    return undefined
  }
  return {
    apply(ctx) {
      if (speaksTls(ctx) || isExcepted(ctx, except)) return undefined
      // Somebody says that it came over TLS: back it would come.
      if (claimsTls(ctx)) return deny(ctx, REFUSAL, `${UNTRUSTED}${ctx.ip ?? 'unknown'}`)
      if (ctx.method !== 'GET' && ctx.method !== 'HEAD') return deny(ctx, REFUSAL, `${ctx.method.slice(0, 32)} came without TLS`)
      return sentTo(home + locationOf(ctx))
    },
  }
}

const MODES = ['off', 'redirect'] as const

const REFUSAL = { status: 403, code: 'https_required', detail: 'Use https.' }

const UNTRUSTED =
  'a header says that the client speaks TLS, but who sent it is not in trustedProxies, or writes the header that forwardedBy does not name; the address at the socket is '

/** In no shared cache: one that takes http and https for the same would send everybody in circles. A day, so that a mistake passes. */
function sentTo(location: string): Refused {
  const headers = [['location', location] as const, ['cache-control', 'private, max-age=86400'] as const]
  return { ok: false, reply: { status: 308, headers }, code: 'https_required', why: 'came without TLS' }
}

/**
 * Path and query, as they were sent. What does not begin with a slash would become part of the host (`https://app.example.com` and
 * `.evil.example`), and is left out; what no URL may hold is encoded, backslashes too, which browsers take for slashes.
 */
function locationOf(ctx: HttpContext): string {
  const target = targetOf(ctx)
  if (!target.startsWith('/')) return '/'
  return target.replace(/[^\x21-\x7e]|\\/gu, encoded)
}

/** Where a parser of Node's lets them pass, characters up to 255 are one byte each; beyond, it is text. */
function encoded(char: string): string {
  const code = char.codePointAt(0) ?? 0
  const bytes = code < 256 ? [code] : Buffer.from(char)
  return Array.from(bytes, (byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('')
}
