import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import {
  ConfigurationError,
  duration,
  generateSecret,
  readOptions,
  secret,
  secretRing,
  trustedProxies,
  WardstoneError,
  type Duration,
} from '../src/index.ts'

class StoreDown extends WardstoneError<'store_down'> {
  readonly code = 'store_down'
}

describe('WardstoneError', () => {
  it('is an error with the name of its class, a literal code and no retry unless said so', () => {
    const error = new StoreDown('the store does not answer')
    expect(error).toBeInstanceOf(Error)
    expect(error).toMatchObject({ name: 'StoreDown', code: 'store_down', retryable: false, retryAfterMs: undefined })
    expect(String(error)).toBe('StoreDown: the store does not answer')
    expect('cause' in error).toBe(false)
  })

  it('carries when to try again and what went wrong underneath', () => {
    const cause = new Error('ECONNRESET')
    const error = new StoreDown('the store does not answer', { retryable: true, retryAfterMs: 1_500, cause })
    expect(error).toMatchObject({ retryable: true, retryAfterMs: 1_500, cause })
  })
})

describe('ConfigurationError', () => {
  it('names every wrong option in its message and as data', () => {
    const problems = [
      { option: 'refresh.grace', expected: 'expected a duration' },
      { option: 'issuer', expected: 'required' },
    ]
    const error = new ConfigurationError('createTokenService', problems)
    expect(error.message).toBe('createTokenService: refresh.grace: expected a duration; issuer: required')
    expect(error).toMatchObject({ code: 'invalid_options', problems })
  })
})

/** Stands in every place where somebody may put a secret by mistake. */
const CANARY = 'c4n4ry-S3cr3t-9f27'
const wrapped = secret(Buffer.from(`${'0123456789abcdef-ghijklmnop-'}${CANARY.replace('S3cr3t', '5e3t')}`), { kid: 'k' })

describe('no message repeats what it was given', () => {
  it.each<[string, () => unknown]>([
    ['a secret in the wrong encoding', () => secret(`${CANARY}!`)],
    ['a secret that is too short', () => secret(CANARY, { encoding: 'utf8' })],
    ['a secret that can be guessed', () => secret(CANARY.repeat(4), { encoding: 'utf8' })],
    ['a secret as its own id', () => secret(generateSecret().bytes(), { kid: `${CANARY} ` })],
    ['the same secret twice', () => secretRing({ current: wrapped, previous: wrapped })],
    ['a text', () => readOptions('make', { a: [CANARY] }, (o) => o.text('a'))],
    ['a choice', () => readOptions('make', { a: CANARY }, (o) => o.oneOf('a', ['x', 'y']))],
    ['a number', () => readOptions('make', { a: CANARY }, (o) => o.integer('a', { min: 0, max: 1 }))],
    ['a duration option', () => readOptions('make', { a: CANARY }, (o) => o.duration('a'))],
    ['a lifetime option', () => readOptions('make', { a: CANARY }, (o) => o.lifetime('a'))],
    ['a function', () => readOptions('make', { a: CANARY }, (o) => o.callback('a'))],
    ['a checked value', () => readOptions('make', { a: CANARY }, (o) => o.value('a', 'expected a list', Array.isArray))],
    ['a bag', () => readOptions('make', { a: CANARY }, (o) => o.nested('a'))],
    ['an unknown option', () => readOptions('make', { a: CANARY }, () => undefined)],
    ['options', () => readOptions('make', CANARY, () => undefined)],
    ['a duration', () => duration(CANARY as Duration)],
    ['a proxy', () => trustedProxies([CANARY])],
    ['a list of proxies', () => trustedProxies(CANARY as never)],
  ])('%s', (_name, work) => {
    const error = caught(work)
    expect(error).toBeInstanceOf(ConfigurationError)
    const shown = `${inspect(error, { depth: 9, showHidden: true })} ${JSON.stringify(error)}`
    expect(shown).not.toContain('c4n4ry')
  })
})

function caught(work: () => unknown): unknown {
  try {
    return work()
  } catch (error) {
    return error
  }
}
