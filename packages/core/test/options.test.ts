import { describe, expect, it } from 'vitest'
import { ConfigurationError, readOptions, type OptionProblem, type OptionReader } from '../src/index.ts'

function problemsOf(input: unknown, read: (options: OptionReader) => unknown): readonly OptionProblem[] {
  try {
    readOptions('createThing', input, read)
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems
    throw error
  }
  return []
}

const read = (o: OptionReader) => ({
  issuer: o.text('issuer'),
  algorithm: o.oneOf('algorithm', ['RS256', 'ES256'], 'RS256'),
  most: o.integer('most', { min: 1, max: 10 }, 5),
  grace: o.duration('grace', '30s'),
  ttl: o.lifetime('ttl', '15m'),
  load: o.callback<(() => void) | undefined>('load'),
  tags: o.value<string[]>('tags', 'expected a list', Array.isArray),
  window: ((n: OptionReader) => ({ idle: n.lifetime('idle', '7d') }))(o.nested('window')),
})

describe('readOptions', () => {
  it('applies defaults to what was left out, be it absent or undefined', () => {
    const defaults = {
      issuer: 'us',
      algorithm: 'RS256',
      most: 5,
      grace: 30_000,
      ttl: 900_000,
      load: undefined,
      tags: undefined,
      window: { idle: 604_800_000 },
    }
    expect(readOptions('createThing', { issuer: 'us' }, read)).toEqual(defaults)
    expect(readOptions('createThing', { issuer: 'us', most: undefined, window: undefined }, read)).toEqual(defaults)
  })

  it('returns what was given', () => {
    const load = (): void => {}
    const given = { issuer: 'us', algorithm: 'ES256', most: 10, grace: 0, ttl: '1h', load, tags: ['a'], window: { idle: '1d' } }
    expect(readOptions('createThing', given, read)).toEqual({
      ...given,
      ttl: 3_600_000,
      window: { idle: 86_400_000 },
    })
  })

  it('lists every problem of every level at once', () => {
    const input = {
      algorithm: 'HS256',
      most: 11,
      grace: '-1s',
      ttl: 900,
      load: 'now',
      tags: 'a',
      window: { idle: 'never', idel: 1 },
      issuers: 'us',
    }
    expect(problemsOf(input, read).map((p) => p.option)).toEqual([
      'issuer',
      'algorithm',
      'most',
      'grace',
      'ttl',
      'load',
      'tags',
      'window.idle',
      'issuers',
      'window.idel',
    ])
  })

  it('says which factory, which option, what is expected and what was probably meant', () => {
    expect(() => readOptions('createThing', { isuer: 'us', algorithm: 'RS265', window: 1 }, read)).toThrow(
      new ConfigurationError('createThing', [
        { option: 'issuer', expected: 'required; expected a non-empty text' },
        { option: 'algorithm', expected: 'expected one of RS256, ES256; did you mean RS256?' },
        { option: 'window', expected: 'expected an object' },
        { option: 'isuer', expected: 'unknown option; did you mean issuer?' },
      ]),
    )
  })

  it('lists the known names where none is near', () => {
    const [problem] = problemsOf({ issuer: 'us', colour: 'red' }, (o) => o.text('issuer'))
    expect(problem).toEqual({ option: 'colour', expected: 'unknown option; known are issuer' })
  })

  it('keeps a problem that the factory reports beside those of its own', () => {
    const problems = problemsOf({ most: 0 }, (o) => {
      o.integer('most', { min: 1, max: 2 }, 1)
      o.problem('grace', 'expected less than ttl')
    })
    expect(problems.map((p) => p.option)).toEqual(['most', 'grace'])
  })

  it.each([null, 'text', 5, [], true])('refuses %j in the place of options', (input) => {
    expect(problemsOf(input, (o) => o.integer('most', { min: 1, max: 2 }, 1))).toEqual([
      { option: 'options', expected: 'expected an object' },
    ])
  })

  it.each([
    ['text', '', (o: OptionReader) => o.text('x')],
    ['text', 5, (o: OptionReader) => o.text('x', 'fallback')],
    ['text', null, (o: OptionReader) => o.text('x', 'fallback')],
    ['integer', '5', (o: OptionReader) => o.integer('x', { min: 1, max: 9 })],
    ['integer', 5.5, (o: OptionReader) => o.integer('x', { min: 1, max: 9 })],
    ['integer', Number.NaN, (o: OptionReader) => o.integer('x', { min: 1, max: 9 })],
    ['required integer', undefined, (o: OptionReader) => o.integer('x', { min: 1, max: 9 })],
    ['required choice', undefined, (o: OptionReader) => o.oneOf('x', ['a', 'b'])],
    ['required duration', undefined, (o: OptionReader) => o.duration('x')],
    ['required function', undefined, (o: OptionReader) => o.callback('x', true)],
    ['bag', [], (o: OptionReader) => o.nested('x')],
  ] as const)('refuses for a %s: %j', (_kind, x, readX) => {
    expect(problemsOf({ x }, readX).map((p) => p.option)).toEqual(['x'])
  })

  it('reads own properties only, so that a polluted prototype sets nothing', () => {
    const polluted = Object.create({ most: 9 }) as object
    expect(readOptions('createThing', polluted, (o) => o.integer('most', { min: 1, max: 10 }, 5))).toBe(5)
    const smuggled: unknown = JSON.parse('{"__proto__": {"most": 9}}')
    expect(problemsOf(smuggled, (o) => o.integer('most', { min: 1, max: 10 }, 5)).map((p) => p.option)).toEqual(['__proto__'])
  })
})
