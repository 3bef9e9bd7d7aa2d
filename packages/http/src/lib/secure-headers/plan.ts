import type { OptionReader } from '@wardstone/core'
import type { HeaderLines } from '../part.ts'
import type { HeaderList } from '../headers.ts'
import { parseCsp, readCsp, warnOfUnsafe, type CspOptions } from './csp.ts'
import type { Directives } from './directives.ts'
import { frameOptionsOf, readOverride, refuseContradictions, type Override } from './override.ts'
import { readPermissions, type Permissions } from './permissions.ts'
import { compilePolicy, type Policy } from './policy.ts'
import { constantHeaders, POLICIES, type SecureHeadersPreset } from './presets.ts'
import { readTransport, transportProblem, type HstsOptions } from './transport.ts'

/** Options of {@link secureHeaders}. */
export interface SecureHeadersOptions {
  /**
   * `web` for pages, `api` for data, `isolated` for pages that need cross-origin isolation (`SharedArrayBuffer`): it adds
   * COEP and puts the domain up for the browsers' HSTS list. Default `web`.
   */
  readonly preset?: SecureHeadersPreset | undefined
  /** The content security policy, over that of the preset; `false` sends none. */
  readonly csp?: CspOptions | false | undefined
  /** How long browsers come by TLS only. Sent over TLS only. Default a year, subdomains included; `false` sends none. */
  readonly hsts?: HstsOptions | false | undefined
  /** Where browsers report what broke a policy: an `https` URL. Default: nowhere. */
  readonly reportTo?: string | undefined
  /**
   * Whom features of browsers are left to, over the list of the preset, which denies what reaches the surroundings of a device, and
   * money: `{ payment: ['self', 'https://pay.example.com'] }`. `[]` is nobody, `['*']` everybody.
   */
  readonly permissions?: Permissions | undefined
  /**
   * Headers by lower-case name, over everything else; `false` leaves one out, on a route also where `baseline` has set it. Those that
   * belong to one response or to another part of `baseline` are refused.
   */
  readonly override?: Readonly<Record<Lowercase<string>, string | false>> | undefined
}

/** What is sent, made once. */
export interface HeaderPlan {
  readonly policies: readonly Policy[]
  /** Whether a policy stands that can name a nonce. */
  readonly nonces: boolean
  /** An empty value removes what an earlier guard of this kind has set. */
  readonly overTls: HeaderList
  readonly inClear: HeaderList
}

const [ENFORCED, REPORTED] = ['content-security-policy', 'content-security-policy-report-only'] as const
const TRANSPORT = 'strict-transport-security'
const FEATURES = 'permissions-policy'

/** Reads the options into what is sent. */
export function readHeaders(o: OptionReader): HeaderPlan {
  const preset = o.oneOf('preset', ['web', 'api', 'isolated'], 'web')
  const reportTo = o.value<string>('reportTo', 'expected an https URL, without a password or a quote in it', isEndpoint)
  const override = readOverride(o)
  const { enforced, reported } = readPolicies(o, { preset, reportTo, override })
  const transport = readHsts(o, preset, override)
  const ancestors = enforced?.get('frame-ancestors')
  refuseContradictions(o, override, preset, ancestors)
  if (reportTo !== undefined && override['reporting-endpoints'] !== undefined) both(o, 'reportTo', 'reporting-endpoints')
  const nonces = takesNonces(preset, enforced, reported)
  if (enforced !== undefined) warnOfUnsafe(enforced, nonces)
  const permissions = readPermissions(o)
  if (isGiven(o, 'permissions') && override[FEATURES] !== undefined) both(o, 'permissions', FEATURES)

  // A route that may be framed must not keep the DENY of the application.
  const headers = constantHeaders(preset, reportTo, permissions)
  const frames = ancestors === undefined ? 'DENY' : frameOptionsOf(ancestors)
  headers.set('x-frame-options', frames ?? '')
  for (const [name, value] of Object.entries(override)) {
    if (name === ENFORCED || name === REPORTED || name === TRANSPORT) continue
    headers.set(name, value === false ? '' : value)
  }

  const policies = [
    ...(enforced === undefined ? [] : [compilePolicy(enforced, false)]),
    ...(reported === undefined ? [] : [compilePolicy(reported, true)]),
  ]
  const lines = (secure: boolean): HeaderList => {
    const sent = policies.map(({ header, overTls, inClear }): HeaderLines[number] => [header, (secure ? overTls : inClear).plain])
    if (enforced === undefined) sent.push([ENFORCED, ''])
    if (reported === undefined && override[REPORTED] === false) sent.push([REPORTED, ''])
    if (secure) sent.push([TRANSPORT, transport ?? ''])
    return [...sent, ...headers] as HeaderList
  }
  return { policies, nonces, overTls: lines(true), inClear: lines(false) }
}

/** Data has no scripts, and should pay for none; unless its policy speaks of them. */
function takesNonces(preset: SecureHeadersPreset, ...policies: ReadonlyArray<Directives | undefined>): boolean {
  const given = policies.filter((policy) => policy !== undefined)
  if (preset !== 'api') return given.length > 0
  return given.some((policy) => [...policy.keys()].some((name) => /^(?:script|style)-src(?:-elem)?$/.test(name)))
}

interface PolicyInput {
  readonly preset: SecureHeadersPreset
  readonly reportTo: string | undefined
  readonly override: Override
}

function readPolicies(
  o: OptionReader,
  { preset, reportTo, override }: PolicyInput,
): { readonly enforced: Directives | undefined; readonly reported: Directives | undefined } {
  const given = isGiven(o, 'csp')
  const csp = readCsp(o, POLICIES[preset])
  const [own, other] = csp?.reportOnly === true ? [REPORTED, ENFORCED] : [ENFORCED, REPORTED]
  if (given && override[own] !== undefined) both(o, 'csp', own)
  const read = (name: typeof ENFORCED | typeof REPORTED): Directives | undefined => {
    const text = override[name]
    if (text === undefined) return name === own ? csp?.directives : undefined
    if (text === false) return undefined
    const { directives, problems } = parseCsp(text)
    for (const problem of problems) o.problem('override', `${name}: ${problem}`)
    return directives
  }
  const policies = { [own]: read(own), [other]: read(other) }
  return { enforced: reporting(policies[ENFORCED], reportTo), reported: reporting(policies[REPORTED], reportTo) }
}

/** A policy that says itself where its reports go is left alone. */
function reporting(directives: Directives | undefined, reportTo: string | undefined): Directives | undefined {
  if (directives === undefined || reportTo === undefined || directives.has('report-to')) return directives
  return new Map([...directives, ['report-to', ['default']]])
}

function readHsts(o: OptionReader, preset: SecureHeadersPreset, override: Override): string | undefined {
  const given = isGiven(o, 'hsts')
  const transport = readTransport(o, preset === 'isolated')
  const text = override[TRANSPORT]
  if (text === undefined) return transport
  if (given) both(o, 'hsts', TRANSPORT)
  if (text === false) return undefined
  const problem = transportProblem(text)
  if (problem !== undefined) o.problem('override', `${TRANSPORT}: ${problem}`)
  return text
}

function isGiven(o: OptionReader, name: string): boolean {
  return o.value<unknown>(name, '', () => true) !== undefined
}

function both(o: OptionReader, option: string, header: string): void {
  o.problem('override', `${header}: says again what the option ${option} says; leave one of them out`)
}

function isEndpoint(value: unknown): boolean {
  // It goes between quotes in a header of structured fields.
  if (typeof value !== 'string' || !/^https:\/\/[\x21\x23-\x5b\x5d-\x7e]+$/.test(value) || !URL.canParse(value)) return false
  const { username, password } = new URL(value)
  return username === '' && password === ''
}
