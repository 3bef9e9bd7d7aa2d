import { describe, expect, it } from 'vitest'
import { chaos, fakeClock } from '../src/index.ts'

/** A port of the simplest kind: it counts, and keeps its count where only its own methods see it. */
class Counter {
  #count = 0
  readonly label = 'counter'
  async add(by: number): Promise<number> {
    return (this.#count += by)
  }
  async read(): Promise<number> {
    return this.#count
  }
  now(): string {
    return 'at once'
  }
}

describe('chaos', () => {
  it('is the port itself while nothing is wrong, synchronous answers and private state included', async () => {
    const { port } = chaos(new Counter())
    expect(await port.add(2)).toBe(2)
    expect([port.now(), port.label]).toEqual(['at once', 'counter'])
  })

  it('fails the next calls of one verb, without running them', async () => {
    const { port, failNext } = chaos(new Counter())
    failNext('add', new Error('refused'), 2)
    expect(await Promise.allSettled([port.add(1), port.add(1), port.add(1), port.read()])).toEqual([
      { status: 'rejected', reason: new Error('refused') },
      { status: 'rejected', reason: new Error('refused') },
      { status: 'fulfilled', value: 1 },
      { status: 'fulfilled', value: 1 },
    ])
  })

  it('loses an answer after the call has run', async () => {
    const { port, loseNext } = chaos(new Counter())
    loseNext('add')
    await expect(port.add(1)).rejects.toThrow('the answer of add was lost')
    expect(await port.read()).toBe(1)
  })

  it('hangs a verb until it is released: then what waited runs', async () => {
    const { port, hang } = chaos(new Counter())
    const release = hang('add')
    const answered: number[] = []
    const waiting = [port.add(1), port.add(1)].map((call) => call.then((count) => answered.push(count)))
    expect([await port.read(), answered]).toEqual([0, []])
    release()
    await Promise.all(waiting)
    expect([await port.add(1), answered]).toEqual([3, [1, 2]])
  })

  it('takes its time on the clock, and nobody sleeps', async () => {
    const clock = fakeClock(0)
    const { port, delay } = chaos(new Counter())
    delay('add', '2s', clock)
    await port.add(1)
    await port.add(1)
    expect(clock.now()).toBe(4_000)
  })

  it('reaches a method that was taken from the port before', async () => {
    const { port, failNext } = chaos({ ask: async () => 'answer' })
    const { ask } = port
    failNext('ask')
    await expect(ask()).rejects.toThrow('ask failed')
    expect(await ask()).toBe('answer')
  })

  it('heals: what hangs runs, and no fault is left for it', async () => {
    const { port, hang, failNext, loseNext, heal } = chaos(new Counter())
    hang('add')
    failNext('add')
    loseNext('add')
    const waiting = port.add(1)
    heal()
    expect([await waiting, await port.add(1)]).toEqual([1, 2])
  })

  it('turns a synchronous throw of the port into a rejection, as the wire would', async () => {
    const { port, hang } = chaos({
      ask(): Promise<string> {
        throw new TypeError('no')
      },
    })
    const release = hang('ask')
    const asked = port.ask()
    release()
    await expect(asked).rejects.toThrow(TypeError)
  })
})

describe('fakeClock', () => {
  it('says how far it was moved, for stores that keep a time of their own', () => {
    const clock = fakeClock()
    clock.advance('16m')
    clock.rewind('1m')
    expect(clock.offset()).toBe(15 * 60_000)
  })
})
