import { isProduction, type OptionReader } from '@wardstone/core'
import { serializeCookie, type CookieAttributes } from '@wardstone/http'

/** How the refresh token is kept in the browser. */
export interface RefreshCookieOptions {
  /**
   * Whether the cookie goes over TLS only, and is called `__Host-refresh`, which no sibling host can set. Default: in
   * production, where it must be so; without it the cookie is called `refresh`.
   */
  readonly secure?: boolean | undefined
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
  const secure = o.oneOf('secure', [true, false], isProduction())
  if (!secure && isProduction()) o.problem('secure', 'expected true in production; TLS may end at a proxy')
  const sameSite = o.oneOf('sameSite', ['strict', 'lax'], 'strict')
  const name = secure ? '__Host-refresh' : 'refresh'
  const attributes: CookieAttributes = { httpOnly: true, secure, sameSite, path: '/' }
  return {
    name,
    set: (refreshToken, maxAgeMs) => serializeCookie(name, refreshToken, attributes, maxAgeMs),
    clear: () => serializeCookie(name, '', attributes, 0),
  }
}
