import { baseline, runner, secureHeaders, type BaselineOptions, type SecureHeadersOptions } from '@wardstone/http'
import { expect, test } from 'vitest'
import { context } from './context.ts'
import { allowed, headersOf, problemsOf, warnings } from './secure-headers-kit.ts'

const PAGES =
  "default-src 'self'; script-src 'self'; style-src 'self' https://fonts.googleapis.com; font-src 'self' https://fonts.gstatic.com; " +
  "img-src 'self' data: https: blob:; connect-src 'self'; frame-src 'none'; object-src 'none'; base-uri 'self'; form-action 'self'; " +
  "frame-ancestors 'none'; upgrade-insecure-requests"
const DENIED =
  'accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), hid=(), idle-detection=(), magnetometer=(), ' +
  'microphone=(), midi=(), payment=(), serial=(), usb=(), xr-spatial-tracking=()'
const YEAR = 'max-age=31536000; includeSubDomains'

const tls = () => context({ secure: true })

test.each<[SecureHeadersOptions['preset'], object, object]>([
  ['web', { 'content-security-policy': PAGES, 'strict-transport-security': YEAR }, {}],
  [undefined, { 'content-security-policy': PAGES, 'strict-transport-security': YEAR }, {}],
  [
    'api',
    { 'content-security-policy': "default-src 'none'; frame-ancestors 'none'", 'strict-transport-security': YEAR },
    { 'cache-control': 'no-store' },
  ],
  [
    'isolated',
    { 'content-security-policy': PAGES, 'strict-transport-security': `${YEAR}; preload` },
    { 'cross-origin-embedder-policy': 'require-corp' },
  ],
])('[HTTP-1] over TLS, the preset %s sends exactly this', (preset, before, after) => {
  expect(headersOf({ preset }, tls())).toEqual({
    ...before,
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'x-xss-protection': '0',
    'referrer-policy': 'strict-origin-when-cross-origin',
    'permissions-policy': DENIED,
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'origin-agent-cluster': '?1',
    ...after,
  })
})

test.each(['web', 'api', 'isolated'] as const)('[HTTP-1] no preset allows inline code, or code by eval: %s', (preset) => {
  expect(headersOf({ preset }, tls())['content-security-policy']).not.toContain('unsafe')
  expect(warnings(() => secureHeaders({ preset }))).toEqual([])
})

test('[HTTP-1] in the clear, nothing speaks of TLS: a developer stays where he is', () => {
  const { 'content-security-policy': policy, ...others } = headersOf()
  expect(policy).toBe(PAGES.replace('; upgrade-insecure-requests', ''))
  expect(others).not.toHaveProperty('strict-transport-security')
})

test('[HTTP-1] what the application has set itself before is not removed', async () => {
  const own = baseline({ headers: { csp: false, hsts: false, override: { 'x-own': false } } })
  const outcome = await runner([() => ({ ok: true, headers: [['content-security-policy', "default-src 'none'"]] }), own])(tls())
  expect(new Map(outcome.headers).get('content-security-policy')).toBe("default-src 'none'")
  expect(outcome.headers.filter(([, value]) => value === '')).toEqual([])
})

test('[HTTP-1] what is sent is made once: every request gets the same lines', () => {
  const guard = secureHeaders()
  const [a, b] = [guard(context()), guard(context())].map((decision) => (decision as ReturnType<typeof allowed>).headers)
  expect(a?.length).toBeGreaterThan(8)
  a?.forEach((line, index) => expect(b?.[index]).toBe(line))
})

test.each<[why: string, sent: boolean, ctx: Parameters<typeof context>[0], options: BaselineOptions]>([
  ['over TLS', true, { secure: true }, {}],
  ['over TLS, turned off', false, { secure: true }, { headers: { hsts: false } }],
  ['over TLS, left out', false, { secure: true }, { headers: { override: { 'strict-transport-security': false } } }],
  ['in the clear', false, {}, {}],
  ['in the clear, asked for', false, {}, { headers: { hsts: { maxAge: '30d' } } }],
  ['in the clear, as text', false, {}, { headers: { override: { 'strict-transport-security': 'max-age=1' } } }],
  ['over TLS to a trusted proxy', true, { headers: { 'x-forwarded-proto': 'https' } }, { trustedProxies: 1 }],
  ['over TLS to nobody known', false, { headers: { 'x-forwarded-proto': 'https' } }, { trustedProxies: [] }],
  [
    'in the clear behind TLS behind a trusted proxy',
    false,
    { headers: { 'x-forwarded-proto': 'https, http' } },
    { trustedProxies: 1 },
  ],
])('[HTTP-1] HSTS %s: %s', (_, sent, ctx, options) => {
  const decision = baseline(options)(context(ctx))
  if (decision instanceof Promise || !decision.ok) throw new Error('baseline allows, at once')
  expect((new Map(decision.headers).get('strict-transport-security') ?? '') !== '').toBe(sent)
})

test.each<[SecureHeadersOptions['hsts'], string | undefined]>([
  [{}, YEAR],
  [{ maxAge: '30d' }, 'max-age=2592000; includeSubDomains'],
  [{ maxAge: '5m', includeSubDomains: false }, 'max-age=300'],
  [{ maxAge: 63_072_000_000 }, 'max-age=63072000; includeSubDomains'],
  [{ maxAge: 0 }, 'max-age=0; includeSubDomains'],
  [{ preload: true }, `${YEAR}; preload`],
  [{ maxAge: '730d', preload: true }, 'max-age=63072000; includeSubDomains; preload'],
  [false, undefined],
])('[HTTP-1] HSTS %j is %s', (hsts, expected) => {
  expect(headersOf({ hsts }, tls())['strict-transport-security']).toBe(expected)
})

test.each<[string, SecureHeadersOptions]>([
  ['preload for half a year', { hsts: { maxAge: '180d', preload: true } }],
  ['preload without subdomains', { hsts: { includeSubDomains: false, preload: true } }],
  ['preload of the preset without subdomains', { preset: 'isolated', hsts: { includeSubDomains: false } }],
  ['a year in seconds, as other libraries count', { hsts: { maxAge: 31_536_000 } }],
  ['half a second', { hsts: { maxAge: '1500ms' } }],
  ['text without a max-age', { override: { 'strict-transport-security': 'includeSubDomains' } }],
  ['text with two', { override: { 'strict-transport-security': 'max-age=1; max-age=2' } }],
  ['text that misspells', { override: { 'strict-transport-security': 'max-age=1; includeSubdomain' } }],
  ['text that preloads for a day', { override: { 'strict-transport-security': 'max-age=86400; includeSubDomains; preload' } }],
  ['text beside the option', { hsts: {}, override: { 'strict-transport-security': 'max-age=1' } }],
])('[HTTP-1] HSTS does not start with %s', (_, options) => {
  expect(problemsOf(options)).toHaveLength(1)
})

test('[HTTP-1] reports go where they are asked to, by every header that can', () => {
  const headers = headersOf({ preset: 'isolated', reportTo: 'https://reports.test/browser?app=1' }, tls())
  expect(headers).toMatchObject({
    'reporting-endpoints': 'default="https://reports.test/browser?app=1"',
    'content-security-policy': `${PAGES}; report-to default`,
    'cross-origin-opener-policy': 'same-origin; report-to="default"',
    'cross-origin-embedder-policy': 'require-corp; report-to="default"',
  })
})

test('[HTTP-1] a policy that names its own endpoint keeps it', () => {
  const options = { reportTo: 'https://reports.test/', csp: { directives: { 'report-to': ['csp'] } } }
  expect(headersOf(options)['content-security-policy']).toMatch(/; report-to csp$/)
})

test.each([
  'http://reports.test/',
  '/reports',
  'https://a:b@reports.test/',
  'https://reports.test/",x="',
  'https://reports.test/\\',
  'https://a.test/\r\nb',
  '',
])('[HTTP-1] reports do not go to %j', (reportTo) => {
  expect(problemsOf({ reportTo })).toEqual(['reportTo: expected an https URL, without a password or a quote in it'])
})

test('[HTTP-1] headers are replaced in their place, left out and added', () => {
  const override = { 'x-frame-options': false, 'referrer-policy': 'no-referrer', 'x-own': '1' } as const
  const [before, after] = [Object.keys(headersOf()), headersOf({ override })]
  expect(Object.keys(after)).toEqual([...before.filter((name) => name !== 'x-frame-options'), 'x-own'])
  expect([after['referrer-policy'], after['x-own']]).toEqual(['no-referrer', '1'])
})

test.each<[readonly string[] | false, string | undefined]>([
  [["'none'"], 'DENY'],
  [["'self'"], 'SAMEORIGIN'],
  [["'self'", 'https://partner.test'], undefined],
  [['https://partner.test'], undefined],
  [false, 'DENY'],
])('[HTTP-1] X-Frame-Options says what frame-ancestors %j says, as far as it can: %s', (ancestors, expected) => {
  expect(headersOf({ csp: { directives: { 'frame-ancestors': ancestors } } })['x-frame-options']).toBe(expected)
})

test('[HTTP-1] framing is denied where the policy is only reported, or off', () => {
  const reportOnly = { csp: { reportOnly: true, directives: { 'frame-ancestors': ['https://partner.test'] } } }
  expect([headersOf(reportOnly)['x-frame-options'], headersOf({ csp: false })['x-frame-options']]).toEqual(['DENY', 'DENY'])
})

test.each<[string, SecureHeadersOptions]>([
  ['frames that two headers tell apart', { override: { 'x-frame-options': 'SAMEORIGIN' } }],
  ['frames that no browser knows', { override: { 'x-frame-options': 'ALLOW-FROM https://a.test' }, csp: false }],
  ['a policy by option and as text', { csp: {}, override: { 'content-security-policy': "default-src 'self'" } }],
  [
    'endpoints by option and as text',
    { reportTo: 'https://a.test/', override: { 'reporting-endpoints': 'default="https://b.test/"' } },
  ],
  ['isolation without COEP', { preset: 'isolated', override: { 'cross-origin-embedder-policy': false } }],
  ['isolation with popups', { preset: 'isolated', override: { 'cross-origin-opener-policy': 'same-origin-allow-popups' } }],
  ['a cookie for everybody', { override: { 'set-cookie': 'sid=1' } }],
  ['a length for everything', { override: { 'content-length': '1' } }],
  ...[
    'access-control-allow-origin',
    'access-control-allow-credentials',
    'vary',
    'location',
    'content-encoding',
    'clear-site-data',
    'transfer-encoding',
    'x-request-id',
    'etag',
  ].map((name): [string, SecureHeadersOptions] => [`${name} for everything`, { override: { [name]: 'x' } }]),
  ['features by option and as text', { permissions: { payment: [] }, override: { 'permissions-policy': 'payment=()' } }],
])('[HTTP-1] headers do not start with %s', (_, options) => {
  expect(problemsOf(options)).toHaveLength(1)
})

test.each<[string, SecureHeadersOptions]>([
  [
    'frames that both headers allow',
    { override: { 'x-frame-options': 'sameorigin' }, csp: { directives: { 'frame-ancestors': ["'self'"] } } },
  ],
  ['frames where no policy speaks of them', { override: { 'x-frame-options': 'SAMEORIGIN' }, csp: false }],
  ['isolation without credentials', { preset: 'isolated', override: { 'cross-origin-embedder-policy': 'credentialless' } }],
  ['popups on pages', { override: { 'cross-origin-opener-policy': 'same-origin-allow-popups' } }],
])('[HTTP-1] headers start with %s', (_, options) => {
  expect(problemsOf(options)).toEqual([])
})

test('[HTTP-1] no header comes from a polluted prototype', () => {
  const prototype = Object.prototype as Record<string, unknown>
  try {
    prototype['content-security-policy'] = false
    prototype['x-own'] = '1'
    expect(headersOf({ override: {} })).toEqual(headersOf())
    expect(Object.keys(headersOf({ override: {} }))).toContain('content-security-policy')
    expect(Object.hasOwn(headersOf(), 'x-own')).toBe(false)
  } finally {
    delete prototype['content-security-policy']
    delete prototype['x-own']
  }
})

test('[HTTP-1] everything that is wrong is told at once, and nothing of what was given', () => {
  const problems = problemsOf({
    preset: 'wep',
    csp: { directives: { 'script-src': ['self', 's3cret;'], scriptSrc: [] }, reportonly: true },
    hsts: { maxAge: 's3cret' },
    reportTo: 's3cret',
    override: { 'X-Upper': 's3cret' },
    presett: 1,
  })
  expect(problems.map((problem) => problem.split(':', 1)[0] ?? '').sort()).toEqual([
    'csp.directives.script-src',
    'csp.directives.script-src',
    'csp.directives.scriptSrc',
    'csp.reportonly',
    'hsts.maxAge',
    'override',
    'preset',
    'presett',
    'reportTo',
  ])
  expect(problems.join()).toContain('did you mean script-src?')
  expect(problems.join()).not.toContain('s3cret')
})
