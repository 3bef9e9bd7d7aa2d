import type { CspDirective, Directives } from './directives.ts'

/** `web` for pages, `api` for data, `isolated` for pages that need cross-origin isolation. */
export type SecureHeadersPreset = 'web' | 'api' | 'isolated'

const PAGES: Directives = new Map<CspDirective, readonly string[]>([
  ['default-src', ["'self'"]],
  ['script-src', ["'self'"]],
  ['style-src', ["'self'", 'https://fonts.googleapis.com']],
  ['font-src', ["'self'", 'https://fonts.gstatic.com']],
  ['img-src', ["'self'", 'data:', 'https:', 'blob:']],
  ['connect-src', ["'self'"]],
  ['frame-src', ["'none'"]],
  ['object-src', ["'none'"]],
  ['base-uri', ["'self'"]],
  ['form-action', ["'self'"]],
  ['frame-ancestors', ["'none'"]],
  ['upgrade-insecure-requests', []],
])

/** The policy of each preset. */
export const POLICIES: Readonly<Record<SecureHeadersPreset, Directives>> = {
  web: PAGES,
  api: new Map<CspDirective, readonly string[]>([
    ['default-src', ["'none'"]],
    ['frame-ancestors', ["'none'"]],
  ]),
  isolated: PAGES,
}

/** The headers of a preset that are always the same, in the order in which they are sent. */
export function constantHeaders(
  preset: SecureHeadersPreset,
  reportTo: string | undefined,
  permissions: string,
): Map<string, string> {
  const reported = reportTo === undefined ? '' : '; report-to="default"'
  const headers = new Map([
    ['x-content-type-options', 'nosniff'],
    ['x-frame-options', 'DENY'],
    // The filter that old browsers had could be made to cut out a page's own scripts.
    ['x-xss-protection', '0'],
    ['referrer-policy', 'strict-origin-when-cross-origin'],
    ['permissions-policy', permissions],
    ['cross-origin-opener-policy', `same-origin${reported}`],
  ])
  if (preset === 'isolated') headers.set('cross-origin-embedder-policy', `require-corp${reported}`)
  headers.set('cross-origin-resource-policy', 'same-origin').set('origin-agent-cluster', '?1')
  if (reportTo !== undefined) headers.set('reporting-endpoints', `default="${reportTo}"`)
  // A handler that knows better says so itself, and comes later.
  if (preset === 'api') headers.set('cache-control', 'no-store')
  return headers
}
