import fc from 'fast-check'
import { Redis } from 'ioredis'
import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createRedis, decimal, integer, keySpace, script } from '../src/index.ts'
import { later } from './kit.ts'

describe('keys', () => {
  it('are named as everywhere in Wardstone', () => {
    const keys = keySpace('tokens', 'x7Kq')
    expect(keys.key('b3f', 'family', '42')).toBe('ws:tokens:v1:x7Kq:{b3f}:family:42')
    expect(keys.key('b3f')).toBe('ws:tokens:v1:x7Kq:{b3f}')
    expect(keySpace('tokens', 'x7Kq', 2).prefix).toBe('ws:tokens:v2:x7Kq:')
    expect(keys.pattern).toBe('ws:tokens:v1:x7Kq:*')
  })

  it('of different things are different, whatever the things are called', () => {
    const keys = keySpace('test', 'a')
    const name = fc.string({ minLength: 1, maxLength: 8, unit: fc.constantFrom('a', 'b', ':', '{', '}', '*', ' ', 'é') })
    const make = (tag: string, parts: readonly string[]): string | undefined => {
      try {
        return keys.key(tag, ...parts)
      } catch {
        return undefined
      }
    }
    const thing = fc.tuple(name, fc.array(name, { maxLength: 3 }))
    fc.assert(
      fc.property(thing, thing, (one, other) => {
        const [key, another] = [make(...one), make(...other)]
        if (key !== undefined && key === another) expect(one).toEqual(other)
        if (key !== undefined) expect(/\{([^}]*)\}/.exec(key)?.[1]).toBe(one[0])
      }),
      { numRuns: 2_000 },
    )
  })

  it.each(['', '{', '}', 'a}b', 'a b', 'a\nb', 'a\0b', 'x'.repeat(257)])('refuse the tag %j, without repeating it', (tag) => {
    expect(() => keySpace('test', 'a').key(tag)).toThrow(expect.objectContaining({ code: 'invalid_argument' }) as Error)
  })

  it('refuse parts, owners, namespaces and versions that would make two things one', () => {
    for (const part of ['', 'a:b', '{', 'a b']) expect(() => keySpace('test', 'a').key('t', part)).toThrow('part')
    for (const word of ['', 'a:b', '*', 'é']) {
      expect(() => keySpace(word, 'a')).toThrow('owner')
      expect(() => keySpace('test', word)).toThrow('namespace')
    }
    for (const version of [0, 1.5, Number.NaN]) expect(() => keySpace('test', 'a', version)).toThrow('version')
  })
})

describe('integers', () => {
  it('are the same after they were written and read', () => {
    fc.assert(fc.property(fc.maxSafeInteger(), (n) => integer(decimal(n)) === n))
    fc.assert(fc.property(fc.bigInt(), (n) => BigInt(decimal(n)) === n))
    expect([integer(7), integer(Buffer.from('-12')), decimal(-0)]).toEqual([7, -12, '0'])
  })

  it.each([1.5, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY])('are not written when something was lost: %s', (n) => {
    expect(() => decimal(n)).toThrow(expect.objectContaining({ code: 'invalid_argument' }) as Error)
  })

  it.each(['', '1.5', '1e5', '9007199254740993', ' 1', null, undefined, [], '1.7934800001235e+15', Buffer.from('x')])(
    'are not read from %j',
    (reply) => {
      expect(() => integer(reply)).toThrow(expect.objectContaining({ code: 'invalid_argument' }) as Error)
    },
  )
})

describe('a script', () => {
  it('knows its hash, and can be used by many', () => {
    const made = script('return 1', { name: 'one' })
    expect(made).toEqual({
      name: 'one',
      source: 'return 1',
      sha: createHash('sha1').update('return 1').digest('hex'),
      buffers: false,
    })
    expect(Object.isFrozen(made)).toBe(true)
  })

  it('has a name that can stand in a log', () => {
    for (const name of ['', 'a b', 'a\nb', 'x'.repeat(65)]) expect(() => script('return 1', { name })).toThrow('name')
    expect(() => script('  ', { name: 'empty' })).toThrow('source')
  })
})

describe('options', () => {
  it('are refused all at once', () => {
    const wrong = { breaker: { failures: 0, opneFor: 1 }, heartbeat: -1, events: 1, clinet: 1 } as never
    expect(() => createRedis(wrong)).toThrow(expect.objectContaining({ code: 'invalid_options' }) as Error)
    try {
      createRedis(wrong)
    } catch (error) {
      expect((error as { problems: { option: string }[] }).problems.map(({ option }) => option).toSorted()).toEqual(
        ['breaker.failures', 'breaker.opneFor', 'client', 'clinet', 'events', 'heartbeat'].toSorted(),
      )
    }
  })

  it('take a client of ioredis only', () => {
    expect(() => createRedis({ client: { status: 'ready', options: {} } as never })).toThrow('client')
    const client = new Redis({ lazyConnect: true, enableOfflineQueue: false, maxRetriesPerRequest: 1 })
    later(() => client.disconnect())
    expect(() => createRedis({ client })).not.toThrow()
  })
})
