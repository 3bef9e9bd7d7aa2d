import { expect, it } from 'vitest'
import { inTurn } from '../src/index.ts'

const log = () => {
  const said: string[] = []
  return { said, store: { take: async (who: string) => void said.push(who), peek: () => said.length } }
}

it('runs calls in the order that the test says', async () => {
  const { said, store } = log()
  const turns = inTurn(store, ['take'])
  const calls = [turns.port.take('first'), turns.port.take('second')]
  const [first, second] = await turns.arrived(2)
  expect([first?.verb, said]).toEqual(['take', []])
  await second?.go()
  await first?.go()
  await Promise.all(calls)
  expect(said).toEqual(['second', 'first'])
})

it('fails a call that waits, without running it', async () => {
  const { said, store } = log()
  const turns = inTurn(store, ['take'])
  const call = turns.port.take('never')
  const [waiting] = await turns.arrived(1)
  waiting?.fail(new Error('cut off'))
  await expect(call).rejects.toThrow('cut off')
  await waiting?.go()
  expect(said).toEqual([])
})

it('holds only the verbs that it was told, and nothing once it is open', async () => {
  const { said, store } = log()
  const turns = inTurn(store, ['take'])
  expect(turns.port.peek()).toBe(0)
  const waiting = turns.port.take('waits')
  turns.open()
  await Promise.all([waiting, turns.port.take('comes')])
  expect(said).toEqual(['waits', 'comes'])
})
