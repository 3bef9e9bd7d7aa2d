import { secureHeaders, type CspOptions, type SecureHeadersOptions } from '@wardstone/http'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { context } from './context.ts'
import { headersOf, policyOf, problemsOf, warnings } from './secure-headers-kit.ts'

type Given = NonNullable<CspOptions['directives']>

const sent = (directives: Given, options: SecureHeadersOptions = {}) =>
  policyOf(headersOf({ ...options, csp: { directives } })['content-security-policy'])
const wrong = (directives: object) => problemsOf({ csp: { directives } })

test('[HTTP-1] a directive that is given replaces that of the preset, and no other', () => {
  expect(sent({ 'connect-src': ["'self'", 'https://api.test'] })).toEqual({
    ...policyOf(headersOf()['content-security-policy']),
    'connect-src': "'self' https://api.test",
  })
})

test('[HTTP-1] false drops a directive, undefined leaves it, and others are added', () => {
  const policy = sent({ 'frame-src': false, 'img-src': undefined, 'worker-src': ['blob:'], sandbox: ['allow-forms'] })
  expect(policy).not.toHaveProperty('frame-src')
  expect(policy).toMatchObject({ 'img-src': "'self' data: https: blob:", 'worker-src': 'blob:', sandbox: 'allow-forms' })
})

test('[HTTP-1] what lists nothing is written as []', () => {
  const tls = context({ secure: true })
  const policy = headersOf({ preset: 'api', csp: { directives: { sandbox: [], 'upgrade-insecure-requests': [] } } }, tls)
  expect(policy['content-security-policy']).toBe("default-src 'none'; frame-ancestors 'none'; sandbox; upgrade-insecure-requests")
})

test.each<[Given]>([
  [{ 'script-src': ["'self'", "'strict-dynamic'", "'report-sample'", "'wasm-unsafe-eval'", "'unsafe-hashes'"] }],
  [{ 'script-src': ["'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='"] }],
  [{ 'script-src': ['https://cdn.test/lib/', 'https://cdn.test:8443', '*.cdn.test', 'cdn.test:*', 'http://localhost:3000'] }],
  [{ 'connect-src': ['wss://live.test', 'https:', '*', 'xn--bcher-kva.test', '127.0.0.1:9000'] }],
  [{ 'require-trusted-types-for': ["'script'"], 'trusted-types': ['app', "'allow-duplicates'"] }],
  [{ 'report-uri': ['/csp', 'https://reports.test/a?b=c'], 'report-to': ['csp'] }],
  [{ 'style-src-attr': ["'none'"], 'script-src-elem': ["'self'"], 'manifest-src': ["'self'"], 'media-src': ['blob:'] }],
])('[HTTP-1] a policy starts with %j', (directives) => {
  expect(wrong(directives)).toEqual([])
  const policy = sent(directives)
  for (const [name, entries] of Object.entries(directives)) expect(policy[name]).toBe((entries as readonly string[]).join(' '))
})

test.each<[entry: string, expected: RegExp]>([
  ['self', /did you mean "'self'"\?/],
  ['SELF', /did you mean "'self'"\?/],
  ['none', /did you mean "'none'"\?/],
  ['unsafe-inline', /did you mean "'unsafe-inline'"\?/],
  ['strict-dynamic', /did you mean "'strict-dynamic'"\?/],
  ['nonce-abc', /a nonce that is written here/],
  ["'nonce-abc'", /a nonce that is written here/],
  ["'NONCE-abc'", /a nonce that is written here/],
  ['sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng=', /a hash is quoted/],
  ["'sha256-qznLcsRO'", /no keyword and no hash/],
  ["'sha384-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='", /no keyword and no hash/],
  ["'unsafe-inlin'", /no keyword and no hash/],
  ["'https://a.test'", /no keyword and no hash/],
  ["'self", /no keyword and no hash/],
  ['"self"', /expected an origin/],
  ['data', /did you mean "data:"\?/],
  ['https', /did you mean "https:"\?/],
  ['a.test b.test', /one source each/],
  ['a.test;', /one source each/],
  ['a.test,b.test', /one source each/],
  ['a.test\n', /one source each/],
  ['a.test\r\nset-cookie:a=b', /one source each/],
  ['\u00a0a.test', /one source each/],
  ['bücher.test', /one source each/],
  ['', /one source each/],
  ['https://*.*.test', /expected an origin/],
  ['https://a.test?x', /expected an origin/],
  ['https://a.test/?x', /expected an origin/],
  ['https://a.test/#x', /expected an origin/],
  ['https://user@a.test', /expected an origin/],
  ['https://', /expected an origin/],
  ['//a.test', /expected an origin/],
  ['[::1]', /expected an origin/],
])('[HTTP-1] a policy does not start with the source %j', (entry, expected) => {
  const problems = wrong({ 'script-src': [entry] })
  expect(problems).toHaveLength(1)
  expect(problems[0]).toMatch(/^csp\.directives\.script-src: entry 1: /)
  expect(problems[0]).toMatch(expected)
})

test.each<[object, RegExp]>([
  [{ 'script-src': [] }, /at least one entry/],
  [{ 'script-src': "'self'" }, /expected a list/],
  [{ 'script-src': [1] }, /expected a list/],
  [{ 'script-src': true }, /expected a list/],
  [{ 'script-src': null }, /expected a list/],
  [{ 'script-src': ["'none'", "'self'"] }, /'none' stands alone/],
  [{ 'script-src': ["'NONE'", 'a.test'] }, /'none' stands alone/],
  [{ 'script-src': ["'self'", 'a.test', "'self'"] }, /twice/],
  [{ 'script-src': ["'self'", "'SELF'"] }, /twice/],
  [{ 'img-src': ["'unsafe-inline'"] }, /for scripts and styles/],
  [{ 'frame-ancestors': ["'unsafe-eval'"] }, /for scripts and styles/],
  [{ 'connect-src': ["'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='"] }, /no keyword and no hash/],
  [{ 'upgrade-insecure-requests': ["'self'"] }, /takes no entries/],
  [{ 'report-to': ['a', 'b'] }, /takes one entry/],
  [{ sandbox: ['forms'] }, /allow-forms/],
  [{ 'require-trusted-types-for': ['script'] }, /'script', quoted/],
  [{ scriptSrc: ["'self'"] }, /did you mean script-src\?/],
  [{ 'script-scr': ["'self'"] }, /did you mean script-src\?/],
  [{ 'block-all-mixed-content': [] }, /unknown option/],
])('[HTTP-1] a policy does not start with %j', (directives, expected) => {
  const problems = wrong(directives)
  expect(problems).toHaveLength(1)
  expect(problems[0]).toMatch(expected)
})

test('[HTTP-1] a policy of which nothing is left is not sent empty', () => {
  expect(problemsOf({ preset: 'api', csp: { directives: { 'default-src': false, 'frame-ancestors': false } } })).toHaveLength(1)
})

test('[HTTP-1] a policy as text is checked like any other, and replaces the whole', () => {
  const text = "  default-src 'self';script-src   'SELF' a.test; ; upgrade-insecure-requests;"
  const options = { override: { 'content-security-policy': text } } as const
  expect(headersOf(options)['content-security-policy']).toBe("default-src 'self'; script-src 'self' a.test")
  expect(headersOf(options, context({ secure: true }))['content-security-policy']).toMatch(/; upgrade-insecure-requests$/)
  expect(headersOf({ override: { 'content-security-policy': false } })).not.toHaveProperty('content-security-policy')
})

test.each([
  ["default-src 'self'; default-src a.test", /default-src: stands there twice/],
  ["default-src 'self'; scriptsrc a.test", /directive 2: unknown/],
  ['default-src self', /default-src: entry 1: .*did you mean/],
  ["script-src 'nonce-abc'", /script-src: entry 1: a nonce/],
  [' ; ', /expected a directive/],
])('[HTTP-1] a policy does not start with the text %j', (text, expected) => {
  const problems = problemsOf({ override: { 'content-security-policy': text } })
  expect(problems).toHaveLength(1)
  expect(problems[0]).toMatch(expected)
})

test('[HTTP-1] a policy may be reported beside one that is enforced', () => {
  const headers = headersOf({
    override: { 'content-security-policy-report-only': "default-src 'self'" },
    reportTo: 'https://r.test/',
  })
  expect(headers['content-security-policy-report-only']).toBe("default-src 'self'; report-to default")
  expect(headers['content-security-policy']).toMatch(/^default-src 'self'; script-src/)
})

test('[HTTP-1] a policy that is only reported holds nothing that browsers would ignore and complain of', () => {
  const headers = headersOf({ csp: { reportOnly: true, directives: { sandbox: [] } } }, context({ secure: true }))
  expect(headers['content-security-policy-report-only']).toMatch(/; frame-ancestors 'none'$/)
  expect(headers).not.toHaveProperty('content-security-policy')
})

test.each<[readonly string[], Given]>([
  [['WARDSTONE_UNSAFE_CSP'], { 'script-src': ["'self'", "'unsafe-inline'"] }],
  [['WARDSTONE_UNSAFE_CSP'], { 'script-src': ["'self'", "'Unsafe-Eval'"] }],
  [['WARDSTONE_UNSAFE_CSP'], { 'script-src-elem': ["'unsafe-inline'"] }],
  [['WARDSTONE_UNSAFE_CSP'], { 'script-src': ['*'] }],
  [['WARDSTONE_UNSAFE_CSP'], { 'script-src': ["'self'", 'https:'] }],
  [['WARDSTONE_UNSAFE_CSP'], { 'script-src': ["'self'", 'data:'] }],
  [['WARDSTONE_UNSAFE_CSP'], { 'script-src': ["'self'", 'https://*'] }],
  [['WARDSTONE_UNSAFE_CSP'], { 'script-src': ["'self'", 'http://*:*'] }],
  [['WARDSTONE_UNSAFE_CSP'], { 'script-src': ["'self'", '*:443'] }],
  [['WARDSTONE_UNSAFE_CSP'], { 'script-src': ["'self'", '*:*'] }],
  [['WARDSTONE_UNSAFE_CSP'], { 'script-src': ["'self'", 'https://*.com'] }],
  [['WARDSTONE_UNSAFE_CSP'], { 'script-src': ["'self'", '*.co.uk'] }],
  [['WARDSTONE_UNSAFE_CSP'], { 'script-src': ["'self'", 'blob:'] }],
  [['WARDSTONE_UNSAFE_CSP'], { 'script-src': ["'self'", 'filesystem:'] }],
  [['WARDSTONE_UNSAFE_CSP'], { 'script-src': ["'self'", 'http:'] }],
  [['WARDSTONE_UNSAFE_CSP'], { 'script-src-attr': ["'unsafe-inline'"] }],
  [['WARDSTONE_UNSAFE_CSP'], { 'base-uri': false }],
  [['WARDSTONE_UNSAFE_CSP'], { 'base-uri': ['https:'] }],
  [['WARDSTONE_UNSAFE_CSP'], { 'script-src': false, 'default-src': ["'unsafe-inline'"] }],
  [['WARDSTONE_UNSAFE_CSP'], { 'script-src': false, 'default-src': false }],
  [[], { 'script-src': ["'strict-dynamic'", 'https:', "'unsafe-inline'"] }],
  [[], { 'script-src': ["'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='", "'unsafe-inline'"] }],
  [[], { 'script-src': ["'wasm-unsafe-eval'"] }],
  [[], { 'script-src': ["'strict-dynamic'", 'https://*', 'blob:'] }],
  [[], { 'script-src': ['https://*.cdn.test', '*.cdn.test:443', 'cdn.test:*', 'https://cdn.test/*'] }],
  [[], { 'script-src-attr': ["'none'"], 'base-uri': ["'none'"], 'worker-src': ['blob:'] }],
  [[], { 'style-src': ["'unsafe-inline'"] }],
  [[], { 'script-src': false }],
])('[HTTP-1] warned of: %j, for %j', (codes, directives) => {
  expect(warnings(() => secureHeaders({ csp: { directives } }))).toEqual(codes)
})

test('[HTTP-1] what is only reported is not warned of', () => {
  const csp = { reportOnly: true, directives: { 'script-src': ["'unsafe-inline'"] } }
  expect(warnings(() => secureHeaders({ csp }))).toEqual([])
})

test('[HTTP-1] whatever a source is, it stays one source of one directive, or nothing starts', () => {
  const pieces = fc.constantFrom(
    "'",
    '"',
    ';',
    ',',
    ' ',
    '\t',
    '\r\n',
    '\0',
    '*',
    '.',
    '/',
    ':',
    'a.test',
    'script-src',
    "'self'",
    'é',
    '%3b',
  )
  const entry = fc.oneof(
    fc.string(),
    fc.array(pieces, { maxLength: 6 }).map((parts) => parts.join('')),
  )
  fc.assert(
    fc.property(fc.uniqueArray(entry, { minLength: 1, maxLength: 4 }), (entries) => {
      if (problemsOf({ csp: { directives: { 'connect-src': entries } } }).length > 0) return
      const policy = sent({ 'connect-src': entries })
      expect(Object.keys(policy)).toEqual(Object.keys(policyOf(headersOf()['content-security-policy'])))
      expect(policy['connect-src']?.split(' ')).toEqual(entries.map((one) => (one.startsWith("'") ? one.toLowerCase() : one)))
    }),
  )
})
