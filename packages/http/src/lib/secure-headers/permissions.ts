import type { OptionReader } from '@wardstone/core'
import { parseOrigin } from '../cors/origin.ts'

/** Whom a feature of browsers is left to: `'self'` is the page's own origin, `*` everybody, `[]` nobody. */
export type Permissions = Readonly<Record<string, ReadonlyArray<'self' | '*' | `https://${string}`>>>

/**
 * What reaches the surroundings of a device, or money. Neither passkeys nor fullscreen, which pages need, nor
 * `cross-origin-isolated`, which the preset `isolated` is for; and only names that browsers know, since they complain of
 * others in every console.
 */
const DENIED: readonly string[] = [
  'accelerometer',
  'camera',
  'display-capture',
  'geolocation',
  'gyroscope',
  'hid',
  'idle-detection',
  'magnetometer',
  'microphone',
  'midi',
  'payment',
  'serial',
  'usb',
  'xr-spatial-tracking',
]

/**
 * Reads the value of `Permissions-Policy`: what every preset denies, with what is given put in.
 *
 * @see {@link https://www.w3.org/TR/permissions-policy/#permissions-policy-http-header-field | Permissions Policy section 5.1}
 */
export function readPermissions(o: OptionReader): string {
  const given = o.value<Permissions>('permissions', 'expected lists by feature, such as { payment: ["self"] }', isLists)
  const features = new Map(DENIED.map((feature) => [feature, '()']))
  if (given !== undefined && isLists(given)) {
    for (const [feature, whom] of Object.entries(given)) {
      // Browsers add features, and ignore those that they do not know: any name that could be one.
      if (!/^[a-z]+(?:-[a-z]+)*$/.test(feature))
        o.problem('permissions', 'expected names as browsers write them, such as picture-in-picture')
      features.set(feature, allowlist(o, `permissions.${feature}`, whom))
    }
  }
  return [...features].map(([feature, whom]) => `${feature}=${whom}`).join(', ')
}

/** A list of structured fields: what is an origin stands in double quotes, what is a word does not. */
function allowlist(o: OptionReader, option: string, whom: readonly unknown[]): string {
  if (whom.includes('*')) {
    if (whom.length > 1) o.problem(option, '"*" stands alone')
    return '*'
  }
  const texts = whom.map((entry, at) => {
    if (entry === 'self') return 'self'
    const parsed = entry === "'self'" ? 'here, keywords are not quoted: self' : parseOrigin(entry)
    if (typeof parsed !== 'string' && parsed.text.startsWith('https://')) return `"${parsed.text}"`
    o.problem(`${option}[${at}]`, typeof parsed === 'string' ? parsed : 'expected self, * or an origin with https://')
    return ''
  })
  return `(${texts.join(' ')})`
}

function isLists(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && Object.values(value).every(Array.isArray)
}
