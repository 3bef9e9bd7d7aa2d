import { ConfigurationError } from '@wardstone/core'

/** Attributes of a cookie. Setting and clearing must use the same ones, or the browser keeps the old cookie. */
export interface CookieAttributes {
  readonly httpOnly: boolean
  readonly secure: boolean
  readonly sameSite: 'strict' | 'lax' | 'none'
  readonly path: string
}

const PLAIN = /^[\w.~-]*$/

/**
 * Finds a cookie in a `Cookie` header, without decoding it. `undefined` when it stands there twice: a sibling host or
 * a network attacker can add one of the same name, and the order tells nothing.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc6265#section-5.4 | RFC 6265 section 5.4}
 */
export function readCookie(header: string | undefined, name: string): string | undefined {
  if (header === undefined) return undefined
  let found: string | undefined
  let at = 0
  while (at < header.length) {
    let end = header.indexOf(';', at)
    if (end < 0) end = header.length
    const equals = header.indexOf('=', at)
    if (equals > 0 && equals < end && bare(header, at, equals) === name) {
      if (found !== undefined) return undefined
      found = unquoted(bare(header, equals + 1, end))
    }
    at = end + 1
  }
  return found
}

/** Whether a cookie stands in a `Cookie` header, once or more; lines of it may have been joined by commas. */
export function hasCookie(header: string | undefined, name: string): boolean {
  if (header === undefined || !header.includes(name)) return false // the usual case
  return header.split(/;|, /).some((pair) => {
    const equals = pair.indexOf('=')
    return equals > 0 && bare(pair, 0, equals) === name
  })
}

/**
 * Writes a `Set-Cookie` value. `maxAgeMs` 0 removes the cookie.
 *
 * @param value - letters, digits and `_-.~` only, as in base64url: it is not encoded
 * @throws {@link ConfigurationError} `invalid_options` for a name or value that could end early and add attributes.
 */
export function serializeCookie(name: string, value: string, attributes: CookieAttributes, maxAgeMs: number): string {
  if (name === '' || !PLAIN.test(name) || !PLAIN.test(value)) {
    throw new ConfigurationError('serializeCookie', [
      { option: 'name and value', expected: 'expected letters, digits, "_", "-", "." and "~"' },
    ])
  }
  const sameSite = { strict: 'Strict', lax: 'Lax', none: 'None' }[attributes.sameSite]
  return [
    `${name}=${value}`,
    `Path=${attributes.path}`,
    `Max-Age=${Math.max(0, Math.ceil(maxAgeMs / 1000))}`,
    ...(attributes.httpOnly ? ['HttpOnly'] : []),
    ...(attributes.secure ? ['Secure'] : []),
    `SameSite=${sameSite}`,
  ].join('; ')
}

/**
 * Cuts off spaces and tabs, and nothing else: `trim()` also eats characters that browsers take for part of the name, by
 * which a page may set what then passes for a `__Host-` cookie.
 */
function bare(text: string, from: number, to: number): string {
  while (from < to && isBlank(text.charCodeAt(from))) from++
  while (to > from && isBlank(text.charCodeAt(to - 1))) to--
  return text.slice(from, to)
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09
}

function unquoted(value: string): string {
  return value.length >= 2 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value
}
