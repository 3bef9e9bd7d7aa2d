import { createHmac, randomBytes } from 'node:crypto'
import { format, inspect } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ConfigurationError, generateSecret, secret, type SecretOptions } from '../src/index.ts'

const strong = Buffer.from('8f3c1e5a90b7d264f1e8a3c57b9d024668ace13579bdf0241f8e7d6c5b4a3928', 'hex')

describe('secret', () => {
  it('takes 32 bytes and more', () => {
    expect(Buffer.from(secret(strong).bytes())).toEqual(strong)
    expect(secret(randomBytes(64)).bytes()).toHaveLength(64)
  })

  it.each([
    ['base64url', strong.toString('base64url')],
    ['base64url', `${strong.toString('base64url')}=`],
    ['base64', strong.toString('base64')],
    ['base64', strong.toString('base64').replace(/=+$/, '')],
    ['hex', strong.toString('hex')],
    ['hex', strong.toString('hex').toUpperCase()],
  ] as const)('[TOK-7] decodes %s', (encoding, text) => {
    expect(Buffer.from(secret(text, { encoding }).bytes())).toEqual(strong)
  })

  it('takes the characters themselves with utf8, and reads base64url unless told otherwise', () => {
    const text = strong.toString('base64url')
    expect(Buffer.from(secret(text, { encoding: 'utf8' }).bytes()).toString()).toBe(text)
    expect(Buffer.from(secret(text).bytes())).toEqual(strong)
  })

  it.each<[string, SecretOptions]>([
    [Buffer.alloc(48, 0xfb).toString('base64'), { encoding: 'base64url' }],
    [Buffer.alloc(48, 0xfb).toString('base64url'), { encoding: 'base64' }],
    [`${strong.toString('hex')}f`, { encoding: 'hex' }],
    [`${strong.toString('hex').slice(1)}g`, { encoding: 'hex' }],
    ['correct horse battery staple and then some', {}],
    [`"${strong.toString('base64')}"`, { encoding: 'base64' }],
    ['correct horse battery staple, and then some', {}],
  ])('refuses text that is not in its encoding, where Node would skip what it cannot read: %j', (text, options) => {
    expect(() => secret(text, options)).toThrow(`expected text in ${options.encoding ?? 'base64url'}`)
  })

  it.each<[string, Uint8Array | string, SecretOptions]>([
    ['too short', strong.subarray(0, 31), {}],
    ['short once decoded', strong.subarray(0, 24).toString('base64url'), {}],
    ['nothing', '', {}],
    ['one byte over and over', Buffer.alloc(64, 7), {}],
    ['a repetition', Buffer.from('k3yP4rt!9z'.repeat(7)), {}],
    ['a repetition that breaks off', Buffer.from('k3yP4rt!9z'.repeat(7).slice(0, 44)), {}],
    ['counting up', Buffer.from(Array.from({ length: 64 }, (_, i) => i)), {}],
    ['counting down by two', Buffer.from(Array.from({ length: 64 }, (_, i) => 200 - 2 * i)), {}],
    ['few different bytes', Buffer.from('abcabdaccbbdacdbdabcddacbbacdabdcabbdcaa'), {}],
    ['the word', 'my-Super-SECRET-key-for-signing-tokens-1', { encoding: 'utf8' }],
    ['a placeholder', 'please-change_me-before-you-go-to-production', { encoding: 'utf8' }],
    ['a template', 'your-256-bit-key-goes-here-0123456789', { encoding: 'utf8' }],
    ['a keyboard', 'Qwerty12345678901234567890asdfghjkl', { encoding: 'utf8' }],
    ['the word in another coat', Buffer.from('my-Super-SECRET-key-for-signing-tokens-1').toString('base64url'), {}],
  ])('[TOK-7] refuses what can be guessed: %s', (_name, material, options) => {
    expect(() => secret(material, options)).toThrow(ConfigurationError)
  })

  it('takes every secret that a generator makes', () => {
    for (let i = 0; i < 2_000; i++) {
      const bytes = randomBytes(32)
      expect(Buffer.from(secret(bytes.toString('base64'), { encoding: 'base64' }).bytes())).toEqual(bytes)
    }
  })

  it.each(['', 'a b', 'ä', 'x'.repeat(65), 'a\nb', 'a/b'])('refuses the id %j', (kid) => {
    expect(() => secret(strong, { kid })).toThrow('kid: expected 1 to 64')
  })

  it.each(['\n', '\r\n'])('reads text with line breaks, as openssl and secret files write it: %j', (end) => {
    const bytes = randomBytes(96)
    const lines = bytes.toString('base64').replace(/.{64}/g, `$&${end}`) + end
    expect(Buffer.from(secret(lines, { encoding: 'base64' }).bytes())).toEqual(bytes)
  })

  it.each<[string, unknown, string]>([
    ['nothing', undefined, 'got nothing; is the environment variable set?'],
    ['an empty text', '', 'got nothing; is the environment variable set?'],
    ['base64', Buffer.alloc(48, 0xfb).toString('base64'), "pass encoding: 'base64'"],
    ['a text with spaces', 'no encoding has any of these !', "pass encoding: 'utf8'"],
  ])('says of %s what to do', (_name, material, advice) => {
    expect(messageOf(() => secret(material as string))).toContain(advice)
  })

  it('lists the problems of material and id together', () => {
    expect(() => secret('short', { kid: '' })).toThrow(/kid: .*material: /)
  })

  it('never shows its input when it refuses', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 4 }),
        fc.constantFrom('base64url', 'base64', 'hex', 'utf8'),
        fc.string({ minLength: 4 }),
        (text, encoding, kid) => {
          const message = messageOf(() => secret(`#${text}#`, { encoding, kid: `#${kid}#` }))
          expect(message).not.toContain(`#${text}`)
          expect(message).not.toContain(`#${kid}`)
        },
      ),
    )
  })
})

describe('a secret', () => {
  const one = secret(strong)

  it('prints as [secret] wherever it is put', () => {
    // What the lint rule warns of is what this shows not to happen: an object in a template.
    // oxlint-disable-next-line typescript/no-base-to-string, typescript/restrict-template-expressions
    expect(`${one}`).toBe('[secret]')
    expect(JSON.stringify({ one })).toBe('{"one":"[secret]"}')
    expect(inspect({ one }, { depth: 9, showHidden: true })).toBe('{ one: [secret] }')
    expect(format('%s %o %j', one, one, one)).toBe('[secret] [secret] "[secret]"')
    expect(Object.entries(one)).toEqual([['kid', one.kid]])
  })

  it('has an id that the bytes decide, the same in every process, whatever their spelling', () => {
    const expected = createHmac('sha256', strong).update('wardstone:v1:kid').digest('base64url').slice(0, 8)
    expect(one.kid).toBe(expected)
    expect(secret(strong.toString('base64'), { encoding: 'base64' }).kid).toBe(expected)
    expect(generateSecret().kid).not.toBe(generateSecret().kid)
  })

  it('keeps the id that it was given', () => {
    expect(secret(strong, { kid: '2026-11' }).kid).toBe('2026-11')
  })

  it('hands out copies, and keeps one', () => {
    const source = Uint8Array.from(strong)
    const kept = secret(source)
    source.fill(0)
    kept.bytes().fill(0)
    expect(Buffer.from(kept.bytes())).toEqual(strong)
  })
})

describe('generateSecret', () => {
  it('[TOK-7] makes 64 bytes, or as many as asked for, never fewer than 32', () => {
    expect(generateSecret().bytes()).toHaveLength(64)
    expect(generateSecret(32).bytes()).toHaveLength(32)
    expect(() => generateSecret(31)).toThrow(ConfigurationError)
  })
})

function messageOf(work: () => unknown): string {
  try {
    work()
  } catch (error) {
    return `${inspect(error)} ${JSON.stringify(error)}`
  }
  return ''
}
