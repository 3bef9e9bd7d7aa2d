import { forget, isThenable } from '@wardstone/core'
import { expect, test } from 'vitest'
import { failing, finding } from './query.ts'

test.each<[string, unknown, boolean]>([
  ['a promise', Promise.resolve(), true],
  ['a query of a driver', finding(1), true],
  ['a function that has then', Object.assign(() => {}, finding(1)), true],
  ['nothing', undefined, false],
  ['null', null, false],
  ['a text', 'then', false],
  ['an object', JSON.parse('{"then":true}'), false],
])('%s is awaited: %#', (_, value, expected) => {
  expect(isThenable(value)).toBe(expected)
})

test('what is let go of may reject, now or later, in any way', async () => {
  const ended: unknown[] = []
  const note = (reason: unknown): unknown => ended.push(reason)
  process.on('unhandledRejection', note)
  const hostile = new Proxy({}, { get: () => { throw new Error('then') } }) // prettier-ignore
  for (const answer of [undefined, null, 1, Promise.reject(new Error('no')), hostile, failing('late')]) forget(answer)
  await new Promise((resolve) => setImmediate(resolve))
  process.off('unhandledRejection', note)
  expect(ended).toEqual([])
})
