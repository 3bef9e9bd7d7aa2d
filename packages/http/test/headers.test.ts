import { mergeHeaders, type HeaderList } from '@wardstone/http'
import { addHeaders, type HeaderTarget } from '@wardstone/http/node'
import fc from 'fast-check'
import { expect, test } from 'vitest'

const fields = fc.constantFrom('Origin', 'origin', 'Cookie', 'Accept', 'ACCEPT', '*')
const vary = fc.array(fields, { minLength: 1, maxLength: 3 }).map((several) => several.join(', '))
const line = fc.oneof(
  fc.tuple(fc.constantFrom('set-cookie', 'x-a', 'x-b', 'x-c'), fc.constantFrom('1', '2', '3', '4')),
  fc.tuple(fc.constant('vary'), vary),
) as fc.Arbitrary<HeaderList[number]>
/** No name twice but that of cookies. */
const list: fc.Arbitrary<HeaderList> = fc.array(line, { maxLength: 8 }).map((lines) => {
  return lines.filter(([name], i) => name === 'set-cookie' || lines.findIndex(([other]) => other === name) === i)
})

test('merging and then sending is the same as sending one after the other', () => {
  fc.assert(
    fc.property(list, list, list, (a, b, c) => {
      expect(sent(mergeHeaders(mergeHeaders(a, b), c))).toEqual(sent(a, b, c))
      expect(sent(mergeHeaders(a, mergeHeaders(b, c)))).toEqual(sent(a, b, c))
    }),
  )
})

test('merging loses no cookie, repeats no other name, and lets the later value win', () => {
  fc.assert(
    fc.property(list, list, (a, b) => {
      const merged = sent(mergeHeaders(a, b))
      expect(valuesOf(merged, 'set-cookie')).toEqual(valuesOf([...a, ...b], 'set-cookie'))
      for (const name of ['x-a', 'x-b', 'x-c'] as const) {
        expect(valuesOf(merged, name)).toEqual(valuesOf([...a, ...b], name).slice(-1))
      }
    }),
  )
})

test('Vary holds every field once, whatever its case, and a star swallows all', () => {
  fc.assert(
    fc.property(list, list, (a, b) => {
      const asked = new Set(valuesOf([...a, ...b], 'vary').flatMap((value) => value.toLowerCase().split(', ')))
      const [vary] = valuesOf(sent(mergeHeaders(a, b)), 'vary')
      const expected = asked.has('*') ? ['*'] : [...asked]
      expect(vary?.toLowerCase().split(', ') ?? []).toEqual(expected)
    }),
  )
})

test.each([
  ['Origin', '', 'Origin'],
  ['', 'Origin', 'Origin'],
  [' Origin ,, Accept', 'origin,Cookie', 'Origin, Accept, Cookie'],
  ['Origin', 'Accept, *', '*'],
])('Vary %j with %j is %j', (earlier, later, united) => {
  expect(mergeHeaders([['vary', earlier]], [['vary', later]])).toEqual([['vary', united]])
})

test('merging leaves its inputs as they were', () => {
  const into: HeaderList = Object.freeze([['vary', 'Origin'] as const, ['x-a', '1'] as const])
  mergeHeaders(into, [
    ['vary', 'Cookie'],
    ['x-a', '2'],
  ])
  expect(into).toEqual([
    ['vary', 'Origin'],
    ['x-a', '1'],
  ])
})

test('an empty value removes what was set before, and is never sent', () => {
  const first: HeaderList = [
    ['x-a', '1'],
    ['vary', 'Origin'],
    ['set-cookie', 'a=1'],
  ]
  const second: HeaderList = [
    ['x-a', ''],
    ['vary', ''],
    ['set-cookie', ''],
    ['x-never', ''],
  ]
  const third: HeaderList = [
    ['x-a', '2'],
    ['vary', 'Cookie'],
  ]
  const left: HeaderList = [
    ['vary', 'Origin'],
    ['set-cookie', 'a=1'],
  ]
  expect([sent(first, second), sent(mergeHeaders(first, second))]).toEqual([left, left])
  // Also from another mount, which put its lines on the response before.
  expect(sent([['x-never', '0']], mergeHeaders(first, second))).toEqual(left)
  expect(sent(mergeHeaders(mergeHeaders(first, second), third))).toEqual([
    ['x-a', '2'],
    ['vary', 'Origin, Cookie'],
    ['set-cookie', 'a=1'],
  ])
})

/** What a response would send after these lists. */
function sent(...lists: readonly HeaderList[]): ReadonlyArray<readonly [string, string]> {
  const collected = new Map<string, string[]>()
  const target: HeaderTarget = {
    get: (name) => collected.get(name),
    set: (name, value) => void collected.set(name, [value]),
    append: (name, value) => void collected.set(name, [...(collected.get(name) ?? []), value]),
    remove: (name) => void collected.delete(name),
  }
  for (const headers of lists) addHeaders(target, headers)
  return [...collected].flatMap(([name, values]) => values.map((value) => [name, value] as const))
}

function valuesOf(headers: ReadonlyArray<readonly [string, string]>, name: string): readonly string[] {
  return headers.filter(([n]) => n === name).map(([, value]) => value)
}
