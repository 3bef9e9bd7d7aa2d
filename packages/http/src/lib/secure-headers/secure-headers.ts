import { readOptions, warn, type OptionReader } from '@wardstone/core'
import { SHARED_CACHES, storedNowhere } from '../cached.ts'
import { speaksTls } from '../context.ts'
import type { Guard, HeadHook } from '../decision.ts'
import type { HeaderList } from '../headers.ts'
import { guardOf, type HeaderLines, type Part } from '../part.ts'
import { nonceKey, takesNonceKey } from './nonce.ts'
import { readHeaders, type HeaderPlan, type SecureHeadersOptions } from './plan.ts'

/**
 * Sets the security headers of a response: a content security policy without `'unsafe-inline'`, HSTS over TLS, and the rest
 * of what browsers offer. Values are made once; a page may ask for a nonce by {@link cspNonce}.
 *
 * @throws {@link ConfigurationError} `invalid_options`
 * @see {@link https://www.w3.org/TR/CSP3/ | Content Security Policy Level 3}
 * @see {@link https://www.rfc-editor.org/rfc/rfc6797 | RFC 6797} for HSTS
 *
 * @example
 * ```ts
 * import { secureHeaders } from '@wardstone/http'
 *
 * export const pages = secureHeaders({
 *   csp: { directives: { 'connect-src': ["'self'", 'https://api.example.com'] } },
 *   reportTo: 'https://reports.example.com/browser',
 * })
 * export const data = secureHeaders({ preset: 'api' })
 * ```
 */
export function secureHeaders(options: SecureHeadersOptions = {}): Guard {
  return guardOf(readOptions('secureHeaders', options, readSecureHeaders))
}

/** Security headers as a part of `baseline`. */
export interface SecureHeadersPart extends Part {
  /** Whether pages may ask for a nonce: templates are given the function only then. */
  readonly nonces: boolean
}

/** The same as a part of `baseline`. */
export function readSecureHeaders(o: OptionReader): SecureHeadersPart {
  const plan = readHeaders(o)
  const { overTls, inClear, nonces } = plan
  const first = { overTls: withoutRemovals(overTls), inClear: withoutRemovals(inClear) }
  const part: SecureHeadersPart = {
    nonces,
    apply(ctx, headers) {
      // RFC 6797 section 7.2: no HSTS over plain http, where anybody on the way could set it.
      const secure = speaksTls(ctx)
      // What an earlier guard of this kind has set, this one may remove. What the application has set itself is not ours to touch.
      const sent = ctx.state.get(takesNonceKey) === undefined ? first : plan
      for (const line of secure ? sent.overTls : sent.inClear) headers.push(line)
      // Also against an earlier guard, whose policy this one replaces.
      ctx.state.set(takesNonceKey, nonces)
      return undefined
    },
  }
  return nonces ? { ...part, head: nonceHeads(plan) } : part
}

function withoutRemovals(headers: HeaderList): HeaderList {
  return headers.filter(([, value]) => value !== '')
}

/** Makes what names the nonce in the policy, for responses that asked for one. */
function nonceHeads({ policies }: HeaderPlan): NonNullable<Part['head']> {
  let warned = false
  return (ctx): HeadHook =>
    (view) => {
      const nonce = ctx.state.get(nonceKey)
      if (nonce === undefined) {
        // A stream that asked later would get one that no policy names.
        ctx.state.set(takesNonceKey, false)
        return undefined
      }
      const headers: HeaderLines = []
      for (const { header, overTls, inClear } of policies) {
        const { plain, pieces } = speaksTls(ctx) ? overTls : inClear
        // A handler that has sent another, or none, has its reasons.
        if (view.header(header) === plain) headers.push([header, pieces.join(nonce)])
      }
      if (!warned && CACHED.some((name) => LASTING.test(view.header(name) ?? ''))) {
        warned = true
        warn(
          'WARDSTONE_NONCE_CACHED',
          'A page with a nonce asked to be cached and was sent with no-store: from a cache, others would get the same nonce. Cache pages that ask for none.',
        )
      }
      return [...headers, ...storedNowhere(view)]
    }
}

const CACHED = ['cache-control', ...SHARED_CACHES]

/** A lifetime, or the wish for one. */
const LASTING = /(?:max-age|s-maxage)="?[1-9]|\bimmutable\b|\bpublic\b(?!.*max-age)/i
