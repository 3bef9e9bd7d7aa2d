import { ConfigurationError } from '@wardstone/core'
import { storedNowhere } from './cached.ts'
import { principalKey, type HttpContext } from './context.ts'
import type { Guard, HeadView } from './decision.ts'
import type { HeaderList } from './headers.ts'
import { isRepeated } from './request.ts'

/**
 * How long an answer may be kept, named by what it is for.
 *
 * - `immutable`: files whose name changes with their content. One year, never asked for again. A page of HTML has one name for
 *   ever, so it is not kept, such as the start page that is answered where a file is missing.
 * - `images`: pictures that rarely change. 30 days.
 * - `api`: answers of an API, and anything else that must not be found on a disk later. Not kept at all.
 * - `private-revalidate`: pages of somebody who is signed in. Kept by the browser alone, which asks each time whether they hold.
 */
export type CacheControlPreset = 'immutable' | 'images' | 'api' | 'private-revalidate'

const PRESETS: Readonly<Record<CacheControlPreset, string>> = {
  immutable: 'public, max-age=31536000, immutable',
  images: 'public, max-age=2592000',
  api: 'no-store',
  'private-revalidate': 'private, no-cache',
}

const FLAGS = 'public private no-store no-cache no-transform must-revalidate proxy-revalidate must-understand immutable'.split(
  ' ',
)
const SECONDS = /^(?:max-age|s-maxage|stale-while-revalidate|stale-if-error)=\d{1,10}$/

/**
 * Says how long the answers of a route may be kept. Only those that are what the route is for (2xx and 304): a redirect, a
 * refusal and an error are `no-store`, or a failure of a minute would be shown for a year. `public` becomes `private` where a guard
 * has found out who asks or the request has an `Authorization`, and `no-store` where a cookie is set: a shared cache would hand all
 * of them to others. What a handler says itself holds.
 *
 * @param policy - a preset, or directives such as `public, max-age=60, stale-while-revalidate=30`
 * @throws {@link ConfigurationError} `invalid_options`
 * @see {@link https://www.rfc-editor.org/rfc/rfc9111#section-5.2.2 | RFC 9111 section 5.2.2},
 *   {@link https://www.rfc-editor.org/rfc/rfc9111#section-7.3 | section 7.3},
 *   {@link https://www.rfc-editor.org/rfc/rfc8246 | RFC 8246}
 *
 * @example
 * ```ts
 * import { cacheControl } from '@wardstone/http'
 *
 * // Before express.static('dist/assets', { fallthrough: false }): a missing file is a 404, not whatever comes next.
 * export const assets = cacheControl('immutable')
 * export const front = cacheControl('public, max-age=60')
 * ```
 */
export function cacheControl(policy: CacheControlPreset | (string & {})): Guard {
  const directives = readPolicy(policy)
  const value = directives.join(', ')
  // Set at once, since many a sender of files sets its own where it finds none; mended when the status is known.
  const headers: HeaderList = [['cache-control', value]]
  if (directives.includes('no-store')) return () => ({ ok: true, headers })
  // Without `private`, a shared cache may keep what has a lifetime, whether `public` is said or not.
  const shared = !directives.includes('private')
  const immutable = directives.includes('immutable')
  const personal: HeaderList = [['cache-control', ['private', ...directives.filter(isForOne)].join(', ')]]
  return (ctx) => ({
    ok: true,
    headers,
    head(view) {
      if (view.header('cache-control') !== value) return undefined // the handler's own
      if (!isSuccess(view)) return storedNowhere(view)
      // A page for a missing file would stand in its place for as long as nobody empties the browser.
      if (immutable && /^text\/html\b/i.test(view.header('content-type') ?? '')) return storedNowhere(view)
      if (!shared) return undefined
      if (view.header('set-cookie') !== undefined) return storedNowhere(view)
      return isPersonal(ctx) ? personal : undefined
    },
  })
}

function isSuccess({ status }: HeadView): boolean {
  return (status >= 200 && status < 300) || status === 304
}

/** Also by credentials that nobody of ours has looked at: RFC 9111 section 3.5 keeps caches from storing, unless `public` says so. */
function isPersonal(ctx: HttpContext): boolean {
  if (ctx.state.get(principalKey) !== undefined || ctx.header('authorization') !== undefined) return true
  return isRepeated(ctx, 'authorization')
}

/** What still means something where only one client keeps it. */
function isForOne(directive: string): boolean {
  return directive !== 'public' && directive !== 'proxy-revalidate' && !directive.startsWith('s-maxage=')
}

/** A cache ignores what it does not know, so a slip of the pen would go unnoticed. */
function readPolicy(policy: unknown): readonly string[] {
  const text = typeof policy === 'string' ? policy : ''
  const written = Object.hasOwn(PRESETS, text) ? PRESETS[text as CacheControlPreset] : text
  const directives = written.split(',').map((directive) => directive.trim().toLowerCase())
  const names = directives.map((directive) => directive.split('=', 1)[0])
  const problems: string[] = []
  if (!directives.every((directive) => FLAGS.includes(directive) || SECONDS.test(directive)))
    problems.push(`expected ${Object.keys(PRESETS).join(', ')}, or directives such as "public, max-age=60"`)
  else if (new Set(names).size < names.length) problems.push('expected each directive once')
  if (names.includes('public') && names.includes('private')) problems.push('public and private contradict each other')
  if (names.includes('no-store') && names.some((name) => name === 'public' || name?.endsWith('age')))
    problems.push('no-store contradicts public, max-age and s-maxage')
  if (names.includes('immutable') && !names.includes('max-age')) problems.push('immutable means nothing without max-age')
  if (problems.length === 0) return directives
  throw new ConfigurationError(
    'cacheControl',
    problems.map((expected) => ({ option: 'policy', expected })),
  )
}
