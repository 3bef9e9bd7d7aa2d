import { RequestState, stateKey } from '@wardstone/http'
import { expect, test } from 'vitest'

test('a value is found under its key, and under no other of the same name', () => {
  const state = new RequestState()
  const [one, other] = [stateKey<number>('n'), stateKey<number>('n')]
  state.set(one, 1)
  expect([state.get(one), state.get(other)]).toEqual([1, undefined])
})

test('a later value stands in place of an earlier one, also when it is undefined', () => {
  const state = new RequestState()
  const key = stateKey<number | undefined>('n')
  state.set(key, 1)
  state.set(key, 2)
  expect(state.get(key)).toBe(2)
  state.set(key, undefined)
  expect(state.get(key)).toBe(undefined)
})

test('two requests do not meet', () => {
  const key = stateKey<string>('s')
  const [a, b] = [new RequestState(), new RequestState()]
  a.set(key, 'a')
  expect(b.get(key)).toBe(undefined)
})
