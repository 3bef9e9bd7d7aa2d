import { readOptions, type OptionReader } from '@wardstone/core'
import { speaksTls } from '../context.ts'
import type { Guard } from '../decision.ts'
import type { HeaderList } from '../headers.ts'
import { guardOf, type Part } from '../part.ts'

/** Options of {@link secureHeaders}. */
export interface SecureHeadersOptions {
  /** `web` for pages, `api` for data, `isolated` for pages that need cross-origin isolation. Default `web`. */
  readonly preset?: 'web' | 'api' | 'isolated' | undefined
  /** Headers by lower-case name, over those of the preset; `false` leaves one out. */
  readonly override?: Readonly<Record<Lowercase<string>, string | false>> | undefined
}

const DEFAULTS: Readonly<Record<Lowercase<string>, string>> = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'x-xss-protection': '0',
  'referrer-policy': 'strict-origin-when-cross-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
}
const TRANSPORT = 'strict-transport-security'

/**
 * Sets the security headers of a response.
 *
 * @throws {@link ConfigurationError} `invalid_options`
 */
export function secureHeaders(options: SecureHeadersOptions = {}): Guard {
  return guardOf(readOptions('secureHeaders', options, readSecureHeaders))
}

/** The same as a part of `baseline`. */
export function readSecureHeaders(o: OptionReader): Part {
  o.oneOf('preset', ['web', 'api', 'isolated'], 'web')
  const override =
    o.value<SecureHeadersOptions['override']>('override', 'expected lower-case names with texts, or false', isHeaderBag) ?? {}
  const plain = listed({ ...DEFAULTS, ...override }, TRANSPORT)
  const transport = override[TRANSPORT] ?? 'max-age=31536000; includeSubDomains'
  return {
    apply(ctx, headers) {
      headers.push(...plain)
      // RFC 6797 section 7.2: never over plain http, where anybody on the way could set it.
      if (speaksTls(ctx) && transport !== false) headers.push([TRANSPORT, transport])
      return undefined
    },
  }
}

function listed(headers: Readonly<Record<string, string | false>>, except: string): HeaderList {
  return Object.entries(headers).filter(([name, value]) => value !== false && name !== except) as unknown as HeaderList
}

function isHeaderBag(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  return Object.entries(value).every(
    ([name, text]) =>
      /^[a-z0-9-]+$/.test(name) && (text === false || (typeof text === 'string' && /^[\t\x20-\x7e]+$/.test(text))),
  )
}
