import { parseJson } from '@wardstone/http'
import fc from 'fast-check'
import { expect, test } from 'vitest'

/** JSON that `parseJson` takes, whatever its size. */
const UNLIMITED = { depth: 1e9, keys: 1e9 }

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)

test('JSON is parsed as JSON.parse does, as text and as bytes', () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      expect(parseJson(text)).toEqual(JSON.parse(text))
      expect(parseJson(utf8(text))).toEqual(JSON.parse(text))
    }),
  )
})

test('what is no JSON is a SyntaxError that repeats nothing of it', () => {
  const secret = 'Correct-Horse-9!'
  for (const text of [
    '',
    ' ',
    `{"password": "${secret}",}`,
    `'${secret}'`,
    `"${secret}`,
    `{"a":${secret}}`,
    '[1,]',
    '01',
    'NaN',
  ]) {
    let said: unknown
    try {
      parseJson(text)
    } catch (error) {
      said = error
    }
    expect(said).toBeInstanceOf(SyntaxError)
    expect(String((said as Error).stack) + String((said as Error).cause)).not.toContain(secret)
  }
})

test('[INPUT-3] poisoned keys are refused at any depth and in any spelling, and nothing else is', () => {
  const poison = fc.constantFrom(
    '"__proto__":1',
    '"\\u005f_proto__":{}',
    '"constructor":{"prototype":{}}',
    '"\\u0063onstructor":{"prototype":1}',
  )
  const harmless = fc.constantFrom(
    '"a":"__proto__"',
    '"constructor":1',
    '"constructor":{"a":1}',
    '"prototype":{}',
    '"\\u005fproto":1',
  )
  const nest = fc.array(fc.constantFrom('[', '{"k":'), { maxLength: 6 })
  const wrap = (open: readonly string[], inner: string): string =>
    open.join('') +
    inner +
    open
      .map((o) => (o === '[' ? ']' : '}'))
      .toReversed()
      .join('')
  fc.assert(
    fc.property(nest, poison, (open, key) => {
      expect(() => parseJson(wrap(open, `{${key}}`))).toThrow(SyntaxError)
    }),
  )
  fc.assert(
    fc.property(nest, harmless, (open, key) => {
      const text = wrap(open, `{${key}}`)
      expect(parseJson(text)).toEqual(JSON.parse(text))
    }),
  )
})

// The spellings that fastify/secure-json-parse tests (test/index.test.js, BSD-3-Clause): what it refuses, we refuse.
test.each([
  '{ "a": 5, "b": 6, "__proto__": { "x": 7 } }',
  '{ "a": 5, "b": 6, "__proto__" : { "x": 7 } }',
  '{ "a": 5, "b": 6, "__proto__" \n\r\t : { "x": 7 } }',
  '{ "a": 5, "b": 6, "__proto__": { "x": 7 }, "c": { "d": 0, "__proto__": { "y": 8 }, "f": { "g": 2 } } }',
  '{ "a": 5, "b": 6, "\\u005f_proto__": { "x": 7 } }',
  '{ "a": 5, "b": 6, "_\\u005fp\\u0072oto__": { "x": 7 } }',
  '{ "a": 5, "b": 6, "\\u005f\\u005f\\u0070\\u0072\\u006f\\u0074\\u006f\\u005f\\u005f": { "x": 7 } }',
  '{ "a": 5, "b": 6, "\\u005F_proto__": { "x": 7 } }',
  '{ "a": 5, "b": 6, "_\\u005Fp\\u0072oto__": { "x": 7 } }',
  '{ "a": 5, "b": 6, "constructor" \n\r\t : {"prototype":{"bar":"baz"}} }',
  '{ "a": 5, "b": 6, "constructor": { "prototype": {} }, "hasOwnProperty": 1 }',
  '{ "a": 5, "b": 6, "\\u0063\\u006fnstructor": {"prototype":{"bar":"baz"}} }',
  '{ "a": 5, "b": 6, "\\u0063\\u006F\\u006E\\u0073\\u0074\\u0072\\u0075\\u0063\\u0074\\u006F\\u0072": {"prototype":{"bar":"baz"}} }',
  '{ "hasOwnProperty": "text", "__proto__": { "x": 7 } }',
])('[INPUT-3] refused as by secure-json-parse: %s', (text) => {
  expect(() => parseJson(text)).toThrow(SyntaxError)
})

test.each([
  '{"constructor": null}',
  '{"a": 5, "b": "__proto__"}',
  '{"constructor":{"bar":"baz"}}',
  '{"constructor":["prototype"]}',
])('[INPUT-3] taken as by secure-json-parse: %s', (text) => expect(parseJson(text)).toEqual(JSON.parse(text)))

const nested = (depth: number, open = '['): string =>
  open.repeat(depth) + (open === '[' ? '' : '1') + (open === '[' ? ']' : '}').repeat(depth)

test('[HTTP-4] nesting is taken to its limit, and not one further', () => {
  for (const open of ['[', '{"a":']) {
    expect(parseJson(nested(32, open))).toEqual(JSON.parse(nested(32, open)))
    expect(() => parseJson(nested(33, open))).toThrow('The text is nested too deeply')
  }
  expect(parseJson(nested(3), { depth: 3 })).toEqual([[[]]])
  expect(() => parseJson(nested(3), { depth: 2 })).toThrow(SyntaxError)
})

test('[HTTP-4] brackets beside each other, in strings and behind escaped quotes are no nesting', () => {
  const text = JSON.stringify({
    beside: Array.from({ length: 100 }, () => [[]]),
    inside: '['.repeat(100),
    ['{"a":'.repeat(50)]: 1,
    escaped: `"${'['.repeat(100)}`,
    slashes: ['\\', '\\\\', '\\"', '['.repeat(100)],
  })
  expect(parseJson(text, { depth: 4, keys: 5 })).toEqual(JSON.parse(text))
  // A naive search for the end of a string takes this backslash for an escape, or the next quote for an end.
  expect(() => parseJson(`{"a":"\\\\","b":${nested(40)}}`)).toThrow('The text is nested too deeply')
})

test('[HTTP-4] keys count as JSON.parse makes them, with their repetitions', () => {
  const count = (value: unknown): number =>
    typeof value !== 'object' || value === null
      ? 0
      : Object.values(value).reduce(
          (sum: number, inner) => sum + count(inner),
          Array.isArray(value) ? 0 : Object.keys(value).length,
        )
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
      const text = JSON.stringify(value)
      fc.pre(!/__proto__|constructor/.test(text)) // refused for what they are, whatever their number
      const keys = count(JSON.parse(text))
      expect(parseJson(text, { ...UNLIMITED, keys })).toEqual(JSON.parse(text))
      if (keys > 0) expect(() => parseJson(text, { ...UNLIMITED, keys: keys - 1 })).toThrow('The text has too many keys')
    }),
  )
  expect(() => parseJson('{"a":1,"a":2,"a":3}', { keys: 2 })).toThrow(SyntaxError)
  const many = (keys: number): string => JSON.stringify(Object.fromEntries(Array.from({ length: keys }, (_, i) => [`k${i}`, i])))
  expect(Object.keys(parseJson(many(10_000)) as object)).toHaveLength(10_000)
  expect(() => parseJson(many(10_001))).toThrow('The text has too many keys')
})

test('[HTTP-4] a limit that is no number refuses everything that it should limit', () => {
  expect(() => parseJson('[]', { depth: Number.NaN })).toThrow(SyntaxError)
  expect(() => parseJson('{"a":1}', { keys: Number('100kb') })).toThrow(SyntaxError)
})

test('of a key that comes twice, the last value holds, in every spelling', () => {
  expect(parseJson('{"role":"user","role":"admin","r\\u006fle":"guest"}')).toEqual({ role: 'guest' })
})

test('[HTTP-4] what nests a hundred thousand times is refused, and ends no process', () => {
  for (const open of ['[', '{"a":', '[{"a":']) expect(() => parseJson(open.repeat(100_000))).toThrow(SyntaxError)
  expect(() => parseJson('"' + '\\'.repeat(200_000))).toThrow(SyntaxError)
  expect(() => parseJson('"\\u0061' + '\\"'.repeat(200_000))).toThrow(SyntaxError)
})

test('deep and wide JSON is looked through without recursion', () => {
  const wide = `["\\u0061",${'0,'.repeat(300_000)}0]`
  expect((parseJson(wide) as unknown[]).length).toBe(300_002)
  const deep = '['.repeat(4000) + '"__proto__"' + ']'.repeat(4000)
  expect(JSON.stringify(parseJson(deep, UNLIMITED)).length).toBe(deep.length)
})

test('a byte order mark is skipped, one', () => {
  expect([parseJson('\ufeff{}'), parseJson(utf8('\ufeff{}'))]).toEqual([{}, {}])
  expect(() => parseJson('\ufeff\ufeff{}')).toThrow(SyntaxError)
  expect(() => parseJson(utf8('\ufeff\ufeff{}'))).toThrow(SyntaxError)
})

// Bytes that a lenient decoder replaces by U+FFFD: what was checked is then not what is parsed.
test.each([
  ['a lone continuation', [0x80]],
  ['an overlong slash', [0xc0, 0xaf]],
  ['an overlong quote', [0xc0, 0xa2]],
  ['a surrogate', [0xed, 0xa0, 0x80]],
  ['beyond Unicode', [0xf4, 0x90, 0x80, 0x80]],
  ['cut short', [0xe2, 0x82]],
  ['Latin 1', [0xe9]],
  ['UTF-16', [0x00, 0x61, 0xd8, 0x00]],
])('[HTTP-4] bytes that are no UTF-8 are no JSON: %s', (_, bytes) => {
  expect(() => parseJson(Uint8Array.from([0x22, ...bytes, 0x22]))).toThrow('The text is no UTF-8')
})
