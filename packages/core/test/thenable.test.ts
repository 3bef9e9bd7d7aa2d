import { forget, isThenable } from '@wardstone/core'
import { expect, test } from 'vitest'

test.each<[string, unknown, boolean]>([
  ['a promise', Promise.resolve(), true],
  ['a query of a driver', { then: () => {} }, true],
  ['a function that has then', Object.assign(() => {}, { then: () => {} }), true],
  ['nothing', undefined, false],
  ['null', null, false],
  ['a text', 'then', false],
  ['an object', { then: true }, false],
])('%s is awaited: %#', (_, value, expected) => {
  expect(isThenable(value)).toBe(expected)
})

test('what is let go of may reject, now or later, in any way', async () => {
  const ended: unknown[] = []
  const note = (reason: unknown): unknown => ended.push(reason)
  process.on('unhandledRejection', note)
  const hostile = Object.defineProperty({}, 'then', {
    get() {
      throw new Error('then')
    },
  })
  const rejecting = { then: (_: unknown, reject: (reason: Error) => void) => reject(new Error('late')) }
  for (const answer of [undefined, null, 1, Promise.reject(new Error('no')), hostile, rejecting]) forget(answer)
  await new Promise((resolve) => setImmediate(resolve))
  process.off('unhandledRejection', note)
  expect(ended).toEqual([])
})
