import type { OptionReader } from '@wardstone/core'
import type { SecureHeadersPreset } from './presets.ts'

/** Headers by lower-case name; `false` leaves one out. */
export type Override = Readonly<Record<string, string | false>>

/** They belong to one response, one connection or another part of `baseline`, not to all of an application. */
const REFUSED =
  /^(?:access-control-.*|age|allow|clear-site-data|connection|content-(?:disposition|encoding|length|location|range|type)|date|etag|keep-alive|last-modified|location|proxy-.*|refresh|retry-after|set-cookie|trailer|transfer-encoding|upgrade|vary|www-authenticate|x-request-id)$/

/** Reads headers that are given as text. */
export function readOverride(o: OptionReader): Override {
  const override = o.value<Override>('override', 'expected lower-case names with texts, or false', isHeaderBag)
  // Own properties only: a header must not come from a polluted prototype.
  const own: Record<string, string | false> = Object.create(null)
  if (override === undefined || !isHeaderBag(override)) return own
  for (const name of Object.keys(override)) {
    if (REFUSED.test(name)) o.problem('override', `${name} is no header of every response`)
  }
  return Object.assign(own, override)
}

/** Reports headers that browsers would read one way and their reader another. */
export function refuseContradictions(
  o: OptionReader,
  override: Override,
  preset: SecureHeadersPreset,
  ancestors: readonly string[] | undefined,
): void {
  const frames = override['x-frame-options']
  if (typeof frames === 'string') {
    const meant = frames.toUpperCase()
    if (meant !== 'DENY' && meant !== 'SAMEORIGIN') {
      o.problem('override', 'x-frame-options: browsers know DENY and SAMEORIGIN; others are said by frame-ancestors')
    } else if (ancestors !== undefined && frameOptionsOf(ancestors) !== meant) {
      o.problem(
        'override',
        'x-frame-options: says otherwise than frame-ancestors of the policy, which browsers follow; change it there',
      )
    }
  }
  if (preset !== 'isolated') return
  const opener = override['cross-origin-opener-policy']
  if (opener !== undefined && !/^same-origin *(?:;|$)/.test(String(opener))) {
    o.problem('override', 'cross-origin-opener-policy: the preset isolated needs same-origin')
  }
  const embedder = override['cross-origin-embedder-policy']
  if (embedder !== undefined && !/^(?:require-corp|credentialless) *(?:;|$)/.test(String(embedder))) {
    o.problem('override', 'cross-origin-embedder-policy: the preset isolated needs require-corp or credentialless')
  }
}

/** What `X-Frame-Options` says to browsers that read no policy; it has no words for a list. */
export function frameOptionsOf(ancestors: readonly string[]): 'DENY' | 'SAMEORIGIN' | undefined {
  if (ancestors.length !== 1) return undefined
  return ancestors[0] === "'none'" ? 'DENY' : ancestors[0] === "'self'" ? 'SAMEORIGIN' : undefined
}

function isHeaderBag(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  return Object.entries(value).every(
    ([name, text]) =>
      /^[a-z0-9-]+$/.test(name) && (text === false || (typeof text === 'string' && /^[\t\x20-\x7e]+$/.test(text))),
  )
}
