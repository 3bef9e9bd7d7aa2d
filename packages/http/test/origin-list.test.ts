import { ConfigurationError } from '@wardstone/core'
import { baseline, originList, type OriginsInput } from '@wardstone/http'
import { afterEach, describe, expect, test, vi } from 'vitest'

afterEach(() => vi.unstubAllEnvs())

/** What is said of a list, as `option: expected`. */
function problemsOf(make: () => unknown): readonly string[] {
  try {
    make()
    return []
  } catch (error) {
    return (error as ConfigurationError).problems.map(({ option, expected }) => `${option}: ${expected}`)
  }
}

// The first rows are Go's: https://github.com/golang/go/blob/go1.25.0/src/net/http/csrf_test.go (AddTrustedOriginErrors).
test.each<[why: string, entry: unknown, said: string | undefined]>([
  ['valid', 'https://example.com', undefined],
  ['with port', 'https://example.com:8080', undefined],
  ['plain http, in development', 'http://example.com', undefined],
  ['missing scheme', 'example.com', 'has no scheme; write https://'],
  ['missing host', 'https://', 'expected an origin such as'],
  ['trailing slash', 'https://example.com/', 'has a trailing slash; did you mean https://example.com?'],
  ['with path', 'https://example.com/path', 'has a path, query or fragment; did you mean https://example.com?'],
  ['with query', 'https://example.com?query=value', 'has a path, query or fragment; did you mean https://example.com?'],
  ['with fragment', 'https://example.com#fragment', 'has a path, query or fragment; did you mean https://example.com?'],
  ['invalid', 'https://ex ample.com', 'without spaces'],
  ['empty', '', 'expected a text'],
  ['null', 'null', 'sandboxed frames'],
  // Ours.
  ['localhost, in development', 'http://localhost:5173', undefined],
  ['an IPv6 address', 'https://[2001:db8::1]:8443', undefined],
  ['punycode', 'https://xn--bcher-kva.example', undefined],
  ['a wildcard', 'https://*.example.com', undefined],
  ['a wildcard with port', 'https://*.example.com:8443', undefined],
  ['upper case', 'https://App.Example.com', 'has upper case; did you mean https://app.example.com?'],
  ['upper case scheme', 'HTTPS://example.com', 'has upper case; did you mean https://example.com?'],
  ['the default port', 'https://example.com:443', 'has the default port; did you mean https://example.com?'],
  ['the default port of http', 'http://example.com:80', 'has the default port; did you mean http://example.com?'],
  ['an empty port', 'https://example.com:', 'has the default port; did you mean https://example.com?'],
  [
    'a unicode host',
    'https://bücher.example',
    'has a host that browsers send in punycode; did you mean https://xn--bcher-kva.example?',
  ],
  ['a unicode path', 'https://example.com/ü', 'has a path, query or fragment; did you mean https://example.com?'],
  ['userinfo', 'https://ana:hunter2@example.com', 'has a user name; did you mean https://example.com?'],
  ['everything', 'https://Ana@Example.com:443/', 'has a user name and upper case and the default port and a trailing slash'],
  ['a trailing dot', 'https://example.com.', 'ends in a dot'],
  ['an address otherwise written', 'http://0x7f.1', 'did you mean http://127.0.0.1?'],
  ['a number', 'https://[2001:DB8:0::1]', 'has upper case; did you mean https://[2001:db8::1]?'],
  ['a backslash', 'https://example.com\\', 'has a path, query or fragment'],
  ['another scheme', 'ftp://example.com', 'expected https://'],
  ['an extension', 'chrome-extension://abcdef', 'expected https://'],
  ['two in one', 'https://a.example.com,https://b.example.com', 'expected one origin'],
  ['a tab', 'https://example.com\t', 'expected one origin'],
  ['everybody', '*', '"*" is everybody'],
  ['all of a top-level domain', 'https://*.com', 'two labels or more'],
  ['all of localhost', 'http://*.localhost:3000', 'two labels or more'],
  ['all addresses', 'https://*.0.0.1', 'expected an origin such as'],
  ['a wildcard with a slash', 'https://*.example.com/', 'has a trailing slash; did you mean https://*.example.com?'],
  ['half a label', 'https://app-*.example.com', 'a "*" stands for the first label'],
  ['two labels', 'https://*.*.example.com', 'a "*" stands for the first label'],
  ['a later label', 'https://app.*.example.com', 'a "*" stands for the first label'],
  ['any port', 'https://example.com:*', 'a "*" stands for the first label'],
  ['any scheme', '*://example.com', 'has no scheme'],
  ['a regular expression', /example\.com$/, 'expected a text'],
  ['nothing', undefined, 'expected a text'],
])('[HTTP-2] an entry with %s', (_, entry, said) => {
  const problems = problemsOf(() => originList([entry as string]))
  if (said === undefined) expect(problems).toEqual([])
  else expect(problems).toEqual([expect.stringContaining(said)])
})

test('[HTTP-2] all wrong entries are told at once, without what may be a secret', () => {
  const problems = problemsOf(() =>
    originList(['https://a.example/', 'https://ok.example', 'https://ana:hunter2@b.example/?key=s3cret', 'pa55word']),
  )
  expect(problems.map((text) => text.split(':')[0])).toEqual(['origins[0]', 'origins[2]', 'origins[3]'])
  expect(problems.join('\n')).not.toMatch(/hunter2|s3cret|pa55word/i)
})

describe('in production', () => {
  test.each([
    'http://example.com',
    'https://localhost',
    'https://localhost:8443',
    'https://app.localhost',
    'https://127.0.0.1',
    'https://127.9.9.9:3000',
    'https://[::1]',
    'https://[::ffff:7f00:1]',
    'https://0.0.0.0',
    'http://*.example.com',
  ])('[HTTP-2] %s is refused', (origin) => {
    vi.stubEnv('NODE_ENV', 'development')
    expect(problemsOf(() => originList([origin]))).toEqual([])
    vi.stubEnv('NODE_ENV', 'production')
    expect(problemsOf(() => originList([origin]))).toEqual([expect.stringMatching(/production expects/)])
  })

  test('[HTTP-2] public hosts that only look like loopback are not', () => {
    vi.stubEnv('NODE_ENV', 'production')
    expect(
      problemsOf(() => originList(['https://localhost.example.com', 'https://127.example.com', 'https://mylocalhost.com'])),
    ).toEqual([])
  })
})

describe('lists by environment', () => {
  const lists = {
    production: ['https://app.example.com'],
    development: ['http://localhost:5173'],
    test: ['https://test.example.com'],
  }

  test.each<[string | undefined, string]>([
    ['production', 'https://app.example.com'],
    ['development', 'http://localhost:5173'],
    ['test', 'https://test.example.com'],
    ['', 'http://localhost:5173'],
    [undefined, 'http://localhost:5173'],
  ])('[HTTP-2] in %j, only %s counts', (env, origin) => {
    vi.stubEnv('NODE_ENV', env)
    const list = originList(lists)
    const known = Object.values(lists).flat()
    expect(known.filter((one) => list.has(one))).toEqual([origin])
  })

  test('[HTTP-2] an environment without a list does not start', () => {
    vi.stubEnv('NODE_ENV', 'staging')
    expect(problemsOf(() => originList(lists))).toEqual([expect.stringMatching(/^origins\.staging: required/)])
    vi.stubEnv('NODE_ENV', 'constructor')
    expect(problemsOf(() => originList(lists))).toEqual([expect.stringMatching(/^origins\.constructor: required/)])
  })

  test('[HTTP-2] what is wrong for production is found in development', () => {
    vi.stubEnv('NODE_ENV', 'development')
    const wrong = { production: ['http://localhost:5173'], development: ['http://localhost:5173'] }
    expect(problemsOf(() => originList(wrong))).toEqual([
      expect.stringMatching(/^origins\.production\[0\]: is a computer's own address/),
    ])
  })
})

test('[HTTP-2] a list changes while serving, or keeps what it had', () => {
  const list = originList(['https://a.example.com', 'https://*.b.example.com'])
  expect([list.size, list.has('https://a.example.com'), list.has('https://x.b.example.com')]).toEqual([2, true, true])
  list.replace(['https://c.example.com'])
  expect([list.size, list.has('https://a.example.com'), list.has('https://x.b.example.com')]).toEqual([1, false, false])
  expect(() => list.replace(['https://d.example.com', 'https://e.example.com/'])).toThrow(ConfigurationError)
  expect([list.size, list.has('https://c.example.com'), list.has('https://d.example.com')]).toEqual([1, true, false])
  list.replace([])
  expect([list.size, list.has('https://c.example.com')]).toEqual([0, false])
})

test.each<[string, unknown]>([
  ['a text', 'https://a.example.com'],
  ['nothing', undefined],
  ['null', null],
  ['a list in a list', [['https://a.example.com']]],
  ['an environment that is no list', { test: 'https://a.example.com' }],
])('[HTTP-2] a list is no %s', (_, input) => {
  expect(() => originList(input as OriginsInput)).toThrow(ConfigurationError)
})

test('[HTTP-3] public origins are read the same way, and are not wildcards', () => {
  expect(problemsOf(() => baseline({ publicOrigins: ['https://a.example.com/', 'https://*.example.com', 'null'] }))).toEqual([
    'publicOrigins[0]: has a trailing slash; did you mean https://a.example.com?',
    'publicOrigins[1]: expected one origin, not a wildcard',
    expect.stringMatching(/^publicOrigins\[2\]: "null"/),
  ])
  expect(problemsOf(() => baseline({ publicOrigins: 'https://a.example.com' as never }))).toHaveLength(1)
})
