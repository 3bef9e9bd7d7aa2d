import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { emitter, isProduction, warn, type EventSink, type SecurityEvent } from '../src/index.ts'

const event: SecurityEvent<'door_opened', { door: number }> = { name: 'door_opened', severity: 'info', at: 1, data: { door: 1 } }

describe('emitter', () => {
  it('hands every event to the sink, as it is and at once', () => {
    const seen: SecurityEvent[] = []
    const emit = emitter((e) => void seen.push(e))
    emit(event)
    emit(event)
    expect(seen).toEqual([event, event])
    expect(seen[0]).toBe(event)
  })

  it.each<[string, EventSink | undefined]>([
    ['is missing', undefined],
    ['throws', () => thrown()],
    ['rejects', async () => thrown()],
    ['rejects with a promise of another realm', () => runInNewContext('Promise.reject(new Error())') as Promise<void>],
  ])('harms nobody when the sink %s', async (_name, sink) => {
    const unhandled: unknown[] = []
    const note = (reason: unknown): void => void unhandled.push(reason)
    process.on('unhandledRejection', note)
    try {
      expect(emitter(sink)(event)).toBeUndefined()
      await new Promise((resolve) => setImmediate(resolve)) // rejections are reported after the microtasks
      expect(unhandled).toEqual([])
    } finally {
      process.off('unhandledRejection', note)
    }
  })
})

describe('the environment', () => {
  it.each([
    ['production', true],
    ['development', false],
    ['Production', false],
    [undefined, false],
  ])('with NODE_ENV %j is production: %j', (value, expected) => {
    const before = process.env['NODE_ENV']
    try {
      if (value === undefined) delete process.env['NODE_ENV']
      else process.env['NODE_ENV'] = value
      expect(isProduction()).toBe(expected)
    } finally {
      process.env['NODE_ENV'] = before
    }
  })

  it('warns with a code that a deployment can look for', async () => {
    const warning = new Promise<Error & { code?: string }>((resolve) => process.once('warning', resolve))
    warn('WARDSTONE_EPHEMERAL_KEYS', 'signing keys live in this process only')
    expect(await warning).toMatchObject({
      name: 'WardstoneWarning',
      code: 'WARDSTONE_EPHEMERAL_KEYS',
      message: 'signing keys live in this process only',
    })
  })
})

function thrown(): never {
  throw new Error('a sink of the application')
}
