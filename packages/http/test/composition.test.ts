import { ConfigurationError, generateSecret, secretRing } from '@wardstone/core'
import { baseline, originList, type BaselineOptions } from '@wardstone/http'
import { afterEach, describe, expect, test, vi } from 'vitest'

const warned: string[] = []
vi.spyOn(process, 'emitWarning').mockImplementation(((_message: string, { code }: { code: string }) => {
  warned.push(code)
}) as typeof process.emitWarning)
afterEach(() => {
  warned.splice(0)
  vi.unstubAllEnvs()
})

const LISTED = { origins: ['https://app.example.com'] }
const token = { secrets: secretRing({ current: generateSecret() }), session: () => 's1' }

test.each<[why: string, options: BaselineOptions, option: string, mend: RegExp]>([
  ['credentials without origins', { cors: { origins: [] } }, 'cors.origins', /list some, or set credentials: false/],
  ['everybody with credentials', { cors: { origins: ['*'] } }, 'cors.origins', /credentials: false/],
  [
    'everybody may change what csrf refuses',
    { cors: { origins: ['*'], credentials: false, methods: ['GET', 'POST'] } },
    'cors.methods',
    /methods: \["GET"\], list the origins, or set csrf: false/,
  ],
  [
    'a token that no other page may send',
    { cors: { ...LISTED, headers: ['content-type'] }, csrf: { token } },
    'cors.headers',
    /expected x-csrf-token among them/,
  ],
  ['a redirect to nowhere', { https: 'redirect' }, 'publicOrigins', /https/],
  [
    'a frame that one header allows and the other forbids',
    { headers: { override: { 'x-frame-options': 'SAMEORIGIN' } } },
    'headers.override',
    /frame-ancestors/,
  ],
  ['a preset for the headers', { headers: 'api' as never }, 'headers', /such as \{ preset: 'api' \}/],
  ['a list for cors', { cors: ['https://app.example.com'] as never }, 'cors', /such as \{ origins: /],
  ['the name of another library', { trustProxy: true } as BaselineOptions, 'trustProxy', /did you mean trustedProxies\?/],
])('[HTTP-2] [HTTP-3] does not start with %s, and says what to do', (_, options, option, mend) => {
  let caught: unknown
  try {
    baseline(options)
  } catch (error) {
    caught = error
  }
  expect(caught).toBeInstanceOf(ConfigurationError)
  const { problems } = caught as ConfigurationError
  const problem = problems.find((one) => one.option.startsWith(option))
  expect(problem?.expected).toMatch(mend)
})

test('[HTTP-3] cookies for other origins without csrf start, and are warned of', () => {
  baseline({ cors: LISTED, csrf: false })
  expect(warned).toEqual(['WARDSTONE_CSRF_OFF'])
})

test.each<[why: string, options: BaselineOptions]>([
  ['nothing at all', {}],
  ['listed origins', { cors: LISTED }],
  ['no cookies, no csrf', { cors: { ...LISTED, credentials: false }, csrf: false }],
  ['everybody reads', { cors: { origins: ['*'], credentials: false } }],
  ['nobody, in this environment', { cors: { origins: { production: ['https://app.example.com'], test: [] } } }],
  ['the list of development, in tests', { cors: { origins: { development: ['http://localhost:5173'] } } }],
  ['a list that is filled later', { cors: { origins: originList([]) } }],
  ['cors said to be off', { cors: false }],
  ['everybody does everything, by bearer alone', { cors: { origins: ['*'], credentials: false }, csrf: false }],
  ['a token beside cors', { cors: LISTED, csrf: { token } }],
  ['no csrf and no cors', { csrf: false }],
])('[HTTP-2] [HTTP-3] starts without a warning: %s', (_, options) => {
  expect(() => baseline(options)).not.toThrow()
  expect(warned).toEqual([])
})

test('[HTTP-2] a wrong origin is one problem', () => {
  let caught: unknown
  try {
    baseline({ cors: { origins: ['https://app.example.com/'] } })
  } catch (error) {
    caught = error
  }
  expect((caught as ConfigurationError).problems.map(({ option }) => option)).toEqual(['cors.origins[0]'])
})

describe('in production', () => {
  const APP = ['https://app.example.com']

  test.each<[BaselineOptions, readonly string[]]>([
    [{}, ['WARDSTONE_PUBLIC_ORIGINS']],
    [{ publicOrigins: ['http://127.0.0.1:3000', 'https://localhost'] }, ['WARDSTONE_PUBLIC_ORIGINS']],
    [{ cors: { origins: ['*'], credentials: false } }, ['WARDSTONE_PUBLIC_ORIGINS']],
    [{ publicOrigins: APP }, []],
    [{ publicOrigins: ['http://localhost:3000', ...APP] }, []],
    [{ publicOrigins: [] }, []],
    [{ csrf: false }, []],
    [{ csrf: { trustedOrigins: APP } }, []],
    [{ cors: { origins: APP } }, []],
  ])('[HTTP-3] who may write on the own pages is to be said: %j, %j', (options, codes) => {
    baseline(options)
    expect(warned, 'outside of it').toEqual([])
    vi.stubEnv('NODE_ENV', 'production')
    baseline(options)
    expect(warned).toEqual(codes)
  })

  test('[HTTP-3] the own origin is not one of plain http, which anybody on the way can write', () => {
    const publicOrigins = ['http://app.example.com', 'http://127.0.0.1:8080', 'http://10.0.0.1']
    expect(() => baseline({ publicOrigins })).not.toThrow()
    vi.stubEnv('NODE_ENV', 'production')
    let caught: unknown
    try {
      baseline({ publicOrigins })
    } catch (error) {
      caught = error
    }
    expect((caught as ConfigurationError).problems.map(({ option }) => option)).toEqual(['publicOrigins[0]', 'publicOrigins[2]'])
  })
})
