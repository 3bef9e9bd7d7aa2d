/** Attributes of a cookie. Setting and clearing must use the same ones, or the browser keeps the old cookie. */
export interface CookieAttributes {
  readonly httpOnly: boolean
  readonly secure: boolean
  readonly sameSite: 'strict' | 'lax' | 'none'
  readonly path: string
}

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
    if (equals > 0 && equals < end && header.slice(at, equals).trim() === name) {
      if (found !== undefined) return undefined
      found = unquoted(header.slice(equals + 1, end).trim())
    }
    at = end + 1
  }
  return found
}

/**
 * Writes a `Set-Cookie` value. `maxAgeMs` 0 removes the cookie.
 *
 * @param value - letters, digits and `_-.~` only, as in base64url: it is not encoded
 */
export function serializeCookie(name: string, value: string, attributes: CookieAttributes, maxAgeMs: number): string {
  const sameSite = { strict: 'Strict', lax: 'Lax', none: 'None' }[attributes.sameSite]
  return [
    `${name}=${value}`,
    `Path=${attributes.path}`,
    `Max-Age=${Math.max(0, Math.floor(maxAgeMs / 1000))}`,
    ...(attributes.httpOnly ? ['HttpOnly'] : []),
    ...(attributes.secure ? ['Secure'] : []),
    `SameSite=${sameSite}`,
  ].join('; ')
}

function unquoted(value: string): string {
  return value.length >= 2 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value
}
