import { InvalidArgumentError } from '@wardstone/core'
import {
  cspNonce,
  secureHeaders,
  type CspOptions,
  type Guard,
  type HeaderList,
  type HttpContext,
  type SecureHeadersOptions,
} from '@wardstone/http'
import { expect, test } from 'vitest'
import { context } from './context.ts'
import { allowed, headersOf, policyOf, warnings } from './secure-headers-kit.ts'

/** What the head becomes: the guard's headers, then the handler's, then what the hook adds. */
function headOf(guard: Guard, ctx: HttpContext, own: HeaderList = [], ask = true): ReadonlyMap<string, string> {
  const decision = guard(ctx)
  if (decision instanceof Promise || !decision.ok) throw new Error('security headers allow, at once')
  const head = new Map<string, string>([...(decision.headers ?? []), ...own])
  if (ask) cspNonce(ctx)
  for (const [name, value] of decision.head?.({ status: 200, header: (name) => head.get(name) }) ?? []) head.set(name, value)
  return head
}

function nonced(directives: NonNullable<CspOptions['directives']>, options: SecureHeadersOptions = {}) {
  const ctx = context()
  const policy = headOf(secureHeaders({ ...options, csp: { directives } }), ctx).get('content-security-policy')
  return policyOf(policy?.replaceAll(cspNonce(ctx), 'N'))
}

test('[HTTP-1] a nonce is 16 random bytes, the same for one request and different for the next', () => {
  const guard = secureHeaders()
  const asked = Array.from({ length: 50 }, () => {
    const ctx = context()
    const policy = headOf(guard, ctx).get('content-security-policy')
    const nonce = cspNonce(ctx)
    expect(policy).toContain(`script-src 'self' 'nonce-${nonce}';`)
    expect(policy).toContain(`https://fonts.googleapis.com 'nonce-${nonce}';`)
    expect([Buffer.from(nonce, 'base64').length, nonce]).toEqual([16, cspNonce(ctx)])
    return nonce
  })
  expect(new Set(asked).size).toBe(50)
})

test('[HTTP-1] requests that overlap do not see the nonce of each other', () => {
  const guard = secureHeaders()
  const [a, b] = [context(), context()]
  const [first, second] = [guard(a), guard(b)] as [ReturnType<typeof allowed>, ReturnType<typeof allowed>]
  const [nonceB, nonceA] = [cspNonce(b), cspNonce(a)]
  const sentBy = ({ headers, head }: ReturnType<typeof allowed>) =>
    new Map(head?.({ status: 200, header: (name) => new Map<string, string>(headers).get(name) })).get('content-security-policy')
  expect([sentBy(first)?.includes(nonceA), sentBy(first)?.includes(nonceB)]).toEqual([true, false])
  expect([sentBy(second)?.includes(nonceB), sentBy(second)?.includes(nonceA)]).toEqual([true, false])
})

test('[HTTP-1] a response that asks for none is sent as it is, and may be cached', () => {
  const head = headOf(secureHeaders(), context(), [['cache-control', 'public, max-age=600']], false)
  expect(head.get('content-security-policy')).toBe(headersOf()['content-security-policy'])
  expect(head.get('cache-control')).toBe('public, max-age=600')
})

test('[HTTP-1] data costs no hook', () => {
  expect(allowed({ preset: 'api' })).not.toHaveProperty('head')
  expect(allowed({ csp: false })).not.toHaveProperty('head')
  expect(allowed({ preset: 'api', csp: { directives: { 'script-src': ["'none'"] } } })).toHaveProperty('head')
})

test.each<[string, SecureHeadersOptions | undefined]>([
  ['the preset for data', { preset: 'api' }],
  ['no policy', { csp: false }],
  ['no guard', undefined],
])('[HTTP-1] with %s, asking for a nonce is a mistake that shows', (_, options) => {
  const ctx = context()
  if (options !== undefined) allowed(options, ctx)
  expect(() => cspNonce(ctx)).toThrow(InvalidArgumentError)
})

test('[HTTP-1] a stream that asks when the policy has left is told so; what it asked for before, it may ask again', () => {
  const [late, early] = [context(), context()]
  headOf(secureHeaders(), late, [], false)
  expect(() => cspNonce(late)).toThrow(/head that is not sent yet/)
  const nonce = cspNonce((headOf(secureHeaders(), early), early))
  expect(cspNonce(early)).toBe(nonce)
})

test('[HTTP-1] the guard that stands last decides whether there are nonces', () => {
  const ctx = context()
  allowed({}, ctx)
  allowed({ preset: 'api' }, ctx)
  expect(() => cspNonce(ctx)).toThrow(InvalidArgumentError)
  allowed({}, ctx)
  expect(cspNonce(ctx)).toHaveLength(24)
})

test.each<[string, NonNullable<CspOptions['directives']>, object]>([
  [
    'is made from default-src where it is missing',
    { 'script-src': false, 'style-src': false, 'default-src': ["'self'", 'a.test'] },
    { 'default-src': "'self' a.test", 'script-src': "'self' a.test 'nonce-N'", 'style-src': "'self' a.test 'nonce-N'" },
  ],
  [
    "takes the place of 'none'",
    { 'script-src': ["'none'"], 'style-src': false, 'default-src': ["'none'"] },
    { 'script-src': "'nonce-N'", 'style-src': "'nonce-N'", 'default-src': "'none'" },
  ],
  [
    'stands in the directive about elements too',
    { 'script-src-elem': ['a.test'], 'style-src-elem': ["'self'"] },
    { 'script-src-elem': "a.test 'nonce-N'", 'script-src': "'self' 'nonce-N'", 'style-src-elem': "'self' 'nonce-N'" },
  ],
  [
    'makes no directive where that about elements decides',
    { 'script-src': false, 'script-src-elem': ['a.test'] },
    { 'script-src-elem': "a.test 'nonce-N'" },
  ],
  [
    'means nothing to attributes',
    { 'script-src-attr': ["'none'"], 'style-src-attr': ["'unsafe-inline'"] },
    { 'script-src-attr': "'none'", 'style-src-attr': "'unsafe-inline'" },
  ],
  [
    "does not turn off the 'unsafe-inline' that somebody chose for styles",
    { 'style-src': ["'self'", "'unsafe-inline'"] },
    { 'style-src': "'self' 'unsafe-inline'", 'script-src': "'self' 'nonce-N'" },
  ],
])('[HTTP-1] a nonce %s', (_, directives, expected) => {
  expect(nonced(directives)).toMatchObject(expected)
})

test('[HTTP-1] where nothing restricts scripts, a nonce does not begin to', () => {
  warnings(() => {
    const policy = nonced({ 'script-src': false, 'default-src': false })
    expect(policy).not.toHaveProperty('script-src')
    expect(policy['style-src']).toContain('nonce-N')
  })
})

test('[HTTP-1] both policies name the nonce, each as far as it is its own', () => {
  const ctx = context()
  const override = { 'content-security-policy-report-only': "script-src 'self'" } as const
  const head = headOf(secureHeaders({ override }), ctx, [['content-security-policy', 'sandbox']])
  expect(head.get('content-security-policy')).toBe('sandbox')
  expect(head.get('content-security-policy-report-only')).toBe(`script-src 'self' 'nonce-${cspNonce(ctx)}'`)
})

test('[HTTP-1] over TLS the policy with a nonce still upgrades requests', () => {
  const ctx = context({ secure: true })
  const policy = policyOf(headOf(secureHeaders(), ctx).get('content-security-policy'))
  expect(policy['script-src']).toBe(`'self' 'nonce-${cspNonce(ctx)}'`)
  expect(policy).toHaveProperty('upgrade-insecure-requests')
})

test.each<[HeaderList, warned: boolean]>([
  [[], false],
  [[['cache-control', 'no-store']], false],
  [[['cache-control', 'private, no-cache']], false],
  [[['cache-control', 'public, max-age=0']], false],
  [[['cache-control', 'public']], true],
  [[['cache-control', 'max-age=600']], true],
  [[['cache-control', 'private, max-age=1']], true],
  [[['cache-control', 'max-age=0, s-maxage=60']], true],
  [[['cdn-cache-control', 'max-age=60']], true],
  [[['surrogate-control', 'max-age=60']], true],
])('[HTTP-1] with %j a page with a nonce is stored nowhere; warned of: %s', (own, warned) => {
  const guard = secureHeaders()
  const codes = warnings(() => {
    for (let i = 0; i < 3; i++) {
      const head = headOf(guard, context(), own)
      expect(head.get('cache-control')).toBe('no-store')
      for (const [name] of own) expect(head.get(name)).toBe('no-store')
    }
  })
  expect(codes).toEqual(warned ? ['WARDSTONE_NONCE_CACHED'] : [])
})
