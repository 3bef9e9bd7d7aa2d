import { isProduction, warn, type OptionReader } from '@wardstone/core'
import { serializeCookie, type CookieAttributes } from '@wardstone/http'

/** How the refresh token is kept in the browser. */
export interface RefreshCookieOptions {
  /**
   * Whether the cookie goes over TLS only, with the prefix `__Host-`, by which no sibling host can set it.
   * Default: in production, where it must be so.
   */
  readonly secure?: boolean | undefined
  /**
   * The cookie's name, without its prefix. Default `refresh`; another one for each application on the same host, or they
   * overwrite each other's.
   */
  readonly name?: string | undefined
  /** `strict` by default; `lax` for applications whose pages are rendered on the server after a link from elsewhere. */
  readonly sameSite?: 'strict' | 'lax' | undefined
}

/** The one source of the cookie's name and attributes, so that what is set can be cleared. */
export interface RefreshCookie {
  readonly name: string
  /** A `Set-Cookie` value that lives as long as the token does. */
  set(refreshToken: string, maxAgeMs: number): string
  /** A `Set-Cookie` value that removes it. */
  clear(): string
}

/** Reads the options of the cookie. */
export function readRefreshCookie(o: OptionReader): RefreshCookie {
  const given = o.value<boolean>('secure', 'expected true or false', (v) => typeof v === 'boolean')
  const secure = given ?? isProduction()
  if (!secure && isProduction()) o.problem('secure', 'expected true in production; TLS may end at a proxy')
  if (!secure && given === undefined) {
    warn(
      'WARDSTONE_INSECURE_COOKIE',
      'createSessionEndpoints: NODE_ENV is not production, so the refresh cookie goes over plain http too',
    )
  }
  const sameSite = o.oneOf('sameSite', ['strict', 'lax'], 'strict')
  const base = o.text('name', 'refresh')
  if (!/^[\w.~-]{1,64}$/.test(base)) o.problem('name', 'expected 1 to 64 of letters, digits, "_", ".", "~" and "-"')
  const name = secure ? `__Host-${base}` : base
  const attributes: CookieAttributes = { httpOnly: true, secure, sameSite, path: '/' }
  return {
    name,
    set: (refreshToken, maxAgeMs) => serializeCookie(name, refreshToken, attributes, maxAgeMs),
    clear: () => serializeCookie(name, '', attributes, 0),
  }
}
