import { ConfigurationError, generateSecret, secretRing } from '@wardstone/core'
import { describe, expect, it, vi } from 'vitest'
import {
  createKeySet,
  createTokenService,
  createVerifier,
  hmacKeys,
  jwksKeys,
  memoryStore,
  type KeySetOptions,
  type TokenServiceOptions,
  type VerifierOptions,
} from '../src/index.ts'
import { inProduction } from './kit/http.ts'
import { AUDIENCE, ISSUER } from './kit/service.ts'

/** Caught, so that the warnings of these tests are not printed. */
const emitted = vi.spyOn(process, 'emitWarning').mockReturnValue()
const keys = createKeySet({ algorithm: 'EdDSA' })
const good = (): TokenServiceOptions<object> => ({
  issuer: ISSUER,
  audience: AUDIENCE,
  keys,
  secrets: secretRing({ current: generateSecret() }),
  store: memoryStore(),
  claims: () => ({}),
})

/** The options that are complained about, with what was expected; fails the test if nothing was. */
function problemsOf(make: () => unknown): Record<string, string> {
  try {
    make()
  } catch (error) {
    if (error instanceof ConfigurationError) return Object.fromEntries(error.problems.map((p) => [p.option, p.expected]))
    throw error
  }
  return expect.unreachable('was accepted')
}

const service = (change: object): Record<string, string> =>
  problemsOf(() => createTokenService({ ...good(), ...change } as never))

describe('createTokenService', () => {
  it('names everything that is wrong at once, and what was meant', () => {
    const problems = service({
      issuer: '',
      audience: 7,
      claims: 'claims',
      maxSessions: 0,
      revocation: 'strictly',
      acces: { ttl: '5m' },
      access: { ttl: 900 },
      refresh: { grace: '0s', budgets: 3, budget: -1 },
      events: {},
    })
    expect(Object.keys(problems).toSorted()).toEqual(
      [
        'issuer',
        'audience',
        'claims',
        'maxSessions',
        'revocation',
        'acces',
        'access.ttl',
        'refresh.grace',
        'refresh.budgets',
        'refresh.budget',
        'events',
      ].toSorted(),
    )
    expect(problems['acces']).toContain('did you mean access?')
    expect(problems['refresh.budgets']).toContain('did you mean budget?')
    expect(problems['access.ttl']).toContain('did you mean "15m"?')
  })

  it.each<[string, object, string]>([
    ['a grace below a second', { refresh: { grace: 999 } }, 'refresh.grace'],
    ['a grace above ten minutes', { refresh: { grace: '11m' } }, 'refresh.grace'],
    ['a lost-response window within the grace', { refresh: { lostWindow: '10s' } }, 'refresh.lostWindow'],
    ['an idle time beyond the absolute end', { refresh: { idle: '31d' } }, 'refresh.idle'],
    [
      'access tokens that outlive an idle session',
      { access: { ttl: '8d' }, keys: createKeySet({ algorithm: 'EdDSA', tokenTtl: '9d' }) },
      'refresh.idle',
    ],
    ['access tokens that outlive their key', { access: { ttl: '16m' } }, 'keys'],
    ['keys that cannot sign', { keys: jwksKeys({ keys: [] }) }, 'keys'],
    ['keys as text', { keys: '-----BEGIN PRIVATE KEY-----' }, 'keys'],
    ['secrets as text', { secrets: 'secret' }, 'secrets'],
    ['one secret without a ring', { secrets: generateSecret() }, 'secrets'],
    ['a store that is none', { store: new Map() }, 'store'],
    ['two audiences', { audience: ['a', 'b'] }, 'audience'],
    ['an empty audience', { audience: '' }, 'audience'],
    ['clocks that are a minute and more apart', { skew: '61s' }, 'skew'],
    ['too many sessions', { maxSessions: 100_001 }, 'maxSessions'],
    ['a schema that is none', { claimsSchema: {} }, 'claimsSchema'],
    ['a mode of revocation that is none', { revocation: 'always' }, 'revocation'],
    ['a staleness that is none', { maxStaleness: -1 }, 'maxStaleness'],
    ['nothing to do when it is stale', { onStale: 'ignore' }, 'onStale'],
    ['a cache without end', { cacheSize: Infinity }, 'cacheSize'],
    ['a clock that is no function', { now: 7 }, 'now'],
  ])('does not start with %s', (_name, change, option) => {
    expect(Object.keys(service(change))).toEqual([option])
  })

  it.each([undefined, null, 7, 'options', []])('does not start with %j for options', (options) => {
    expect(() => createTokenService(options as never)).toThrow(ConfigurationError)
  })

  it('never repeats a value: a secret may stand in the wrong place', () => {
    const misplaced = { ...good(), issuer: 7, secrets: 'hunter2', keys: 'hunter2', hunter: 'hunter2', access: 'hunter2' }
    const error = JSON.stringify(problemsOf(() => createTokenService(misplaced as never)))
    expect(error).toContain('secrets')
    expect(error).not.toContain('hunter2')
  })

  it('shares a store only with a service of the same lifetimes', () => {
    const store = memoryStore()
    createTokenService({ ...good(), store })
    createTokenService({ ...good(), store })
    expect(() => createTokenService({ ...good(), store, maxSessions: 7 })).toThrow(/same lifetimes/)
  })
})

describe('in production', () => {
  it('keys, secrets and store are required', async () => {
    const { issuer, audience, claims } = good()
    const problems = await inProduction(() => problemsOf(() => createTokenService({ issuer, audience, claims })))
    expect(Object.keys(problems).toSorted()).toEqual(['keys', 'secrets', 'store'])
    for (const expected of Object.values(problems)) expect(expected).toContain('required')
    await inProduction(() => createTokenService(good()))
  })
})

describe('in development', () => {
  it('what is missing is made in memory, and said aloud by code', async () => {
    emitted.mockClear()
    const { issuer, audience, claims } = good()
    const tokens = createTokenService({ issuer, audience, claims, access: { ttl: '1d' } })
    createTokenService(good())
    const session = await tokens.issue({ sub: 'ana' })
    expect(session.ok && tokens.verifyNow(session.accessToken).ok).toBe(true)
    const codes = ['WARDSTONE_EPHEMERAL_KEYS', 'WARDSTONE_EPHEMERAL_SECRETS', 'WARDSTONE_EPHEMERAL_STORE']
    expect(emitted.mock.calls.map(([, options]) => options)).toEqual(codes.map((code) => ({ type: 'WardstoneWarning', code })))
  })
})

describe('createKeySet', () => {
  it.each<[string, object, string]>([
    ['an algorithm that nobody should use', { algorithm: 'HS256' }, 'algorithm'],
    ['none', { algorithm: 'none' }, 'algorithm'],
    ['a rotation faster than caches', { rotateEvery: '5m', jwksMaxAge: '5m' }, 'rotateEvery'],
    ['seconds instead of milliseconds', { tokenTtl: 900 }, 'tokenTtl'],
    ['a negative age', { jwksMaxAge: -1 }, 'jwksMaxAge'],
    ['a skew of minutes', { skew: '2m' }, 'skew'],
    ['a key as text', { initial: '-----BEGIN PRIVATE KEY-----' }, 'initial'],
    ['an unknown option', { rotateevery: '1d' }, 'rotateevery'],
  ])('[TOK-6] does not start with %s', (_name, change, option) => {
    expect(Object.keys(problemsOf(() => createKeySet({ ...(change as KeySetOptions) })))).toEqual([option])
  })
})

describe('createVerifier', () => {
  const options: VerifierOptions<unknown> = { issuer: ISSUER, audience: AUDIENCE, keys, revocation: 'none' }
  const verifier = (change: object): string[] => Object.keys(problemsOf(() => createVerifier({ ...options, ...change })))

  it('[TOK-16] has to be told issuer, audience, keys, and whether it follows revocations', () => {
    expect(Object.keys(problemsOf(() => createVerifier({} as never))).toSorted()).toEqual([
      'audience',
      'issuer',
      'keys',
      'revocation',
    ])
  })

  it.each<[string, object, string]>([
    ['keys as text', { keys: 'secret' }, 'keys'],
    ['a list of no audiences', { audience: [] }, 'audience'],
    ['an empty audience among others', { audience: ['a', ''] }, 'audience'],
    ['a feed that is none', { revocation: 'feed' }, 'revocation'],
    ['a lifetime in seconds', { maxLifetime: 3600 }, 'maxLifetime'],
    ['a misspelt option', { audiences: ['a'] }, 'audiences'],
  ])('[TOK-16] does not start with %s', (_name, change, option) => {
    expect(verifier(change)).toEqual([option])
  })

  it('[TOK-16] takes several audiences, and a ring as keys', () => {
    createVerifier({ ...options, audience: ['a', 'b'], keys: hmacKeys(secretRing({ current: generateSecret() })) })
  })
})

it('memoryStore takes a clock and nothing else', () => {
  expect(Object.keys(problemsOf(() => memoryStore({ nwo: Date.now } as never)))).toEqual(['nwo'])
  expect(Object.keys(problemsOf(() => memoryStore({ now: 7 } as never)))).toEqual(['now'])
})
