import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ConfigurationError, generateSecret, secret, secretRing, type SecretRing } from '../src/index.ts'

const [a, b, c, d] = [generateSecret(), generateSecret(), generateSecret(), generateSecret()] as const
const kids = (ring: SecretRing): string[] => ring.all().map((s) => s.kid)

describe('secretRing', () => {
  it('[TOK-7] uses the current secret and accepts next and previous ones', () => {
    const ring = secretRing({ current: a, next: b, previous: [c, d] })
    expect(ring.current()).toBe(a)
    expect(ring.all()).toEqual([a, b, c, d])
    for (const each of [a, b, c, d]) expect(ring.find(each.kid)).toBe(each)
    expect(ring.find(generateSecret().kid)).toBeUndefined()
  })

  it('takes one previous secret without a list', () => {
    expect(kids(secretRing({ current: a, previous: b }))).toEqual([a.kid, b.kid])
  })

  it.each<[string, unknown, RegExp]>([
    ['nothing', undefined, /current: required/],
    [
      'a text, which JavaScript lets through',
      { current: 'a text of whatever length, from the environment' },
      /current: expected secret\(/,
    ],
    ['a misspelt name', { curent: a }, /current: required.*curent: unknown option; did you mean current\?/],
    ['a name that is not one', { current: a, prev: b }, /prev: unknown option/],
    ['a list with a text in it', { current: a, previous: [b, 'text'] }, /previous: expected secret\(/],
  ])('does not start with %s', (_name, input, message) => {
    expect(() => secretRing(input as never)).toThrow(message)
  })

  it('refuses the same secret twice, and two that share an id', () => {
    expect(() => secretRing({ current: a, previous: a })).toThrow(ConfigurationError)
    expect(() => secretRing({ current: a, next: secret(b.bytes(), { kid: a.kid }) })).toThrow(ConfigurationError)
  })

  it('[TOK-7] exchanges all secrets at once', () => {
    const ring = secretRing({ current: a, next: b })
    ring.replace({ current: b, previous: a, next: c })
    expect(kids(ring)).toEqual([b.kid, c.kid, a.kid])
    ring.replace({ current: c })
    expect(ring.find(a.kid)).toBeUndefined()
  })

  it('keeps what it had when the new secrets are refused, and tells nobody', () => {
    const ring = secretRing({ current: a, previous: b })
    let told = 0
    ring.onChange(() => told++)
    expect(() => ring.replace({ current: c, next: c })).toThrow(ConfigurationError)
    expect(kids(ring)).toEqual([a.kid, b.kid])
    expect(told).toBe(0)
  })

  it('does not let a caller change its list', () => {
    const ring = secretRing({ current: a })
    expect(() => (ring.all() as unknown[]).push(b)).toThrow(TypeError)
  })
})

describe('listeners', () => {
  it('hear of each change after it was made, until they stop', () => {
    const ring = secretRing({ current: a })
    const heard: string[] = []
    const stop = ring.onChange(() => heard.push(ring.current().kid))
    ring.replace({ current: b })
    ring.replace({ current: c })
    stop()
    stop()
    ring.replace({ current: d })
    expect(heard).toEqual([b.kid, c.kid])
  })

  it('may be the same function twice, each with its own way to stop', () => {
    const ring = secretRing({ current: a })
    let heard = 0
    const listen = (): void => void heard++
    const stop = ring.onChange(listen)
    ring.onChange(listen)
    ring.replace({ current: b })
    expect(heard).toBe(2)
    stop()
    ring.replace({ current: a })
    expect(heard).toBe(3)
  })

  it('that fail keep neither the change nor the others from happening', () => {
    const ring = secretRing({ current: a })
    let heard = 0
    ring.onChange(() => {
      throw new Error('a listener of the application')
    })
    ring.onChange(() => heard++)
    ring.replace({ current: b })
    expect(ring.current()).toBe(b)
    expect(heard).toBe(1)
  })
})

describe('derive', () => {
  it('is HKDF-SHA-256 with an empty salt and the purpose in its info, worked out here by RFC 5869', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 100 }), fc.string(), (noise, purpose) => {
        const source = Buffer.concat([generateSecret().bytes(), noise])
        const prk = createHmac('sha256', Buffer.alloc(32)).update(source).digest()
        const expected = createHmac('sha256', prk).update(`wardstone:v1:${purpose}\x01`).digest()
        const derived = secretRing({ current: secret(source) })
          .derive(purpose)
          .current()
        expect(Buffer.from(derived.bytes())).toEqual(expected)
      }),
    )
  })

  it('keeps ids and order, and gives every purpose its own keys', () => {
    const ring = secretRing({ current: a, next: b, previous: c })
    const refresh = ring.derive('refresh')
    expect(kids(refresh)).toEqual(kids(ring))
    expect(refresh.find(c.kid)?.kid).toBe(c.kid)
    const keys = [a, refresh.current(), ring.derive('cookie').current(), refresh.derive('cookie').current()]
    expect(new Set(keys.map((k) => Buffer.from(k.bytes()).toString('hex'))).size).toBe(4)
  })

  it('prints as [secret] too', () => {
    expect(JSON.stringify(secretRing({ current: a }).derive('x').current())).toBe('"[secret]"')
  })

  it('follows its source through a change, and passes it on', () => {
    const ring = secretRing({ current: a })
    const derived = ring.derive('refresh').derive('more')
    const old = derived.current()
    expect(derived.current()).toBe(old)
    let heard = 0
    derived.onChange(() => heard++)
    ring.replace({ current: b, previous: a })
    expect(heard).toBe(1)
    expect(derived.current().kid).toBe(b.kid)
    expect(derived.find(a.kid)).toBe(old)
    ring.replace({ current: b })
    expect(derived.find(a.kid)).toBeUndefined()
  })
})
