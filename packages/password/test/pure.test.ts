import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { affordable, readParameters } from '../src/lib/parameters.ts'
import { formatHash, parseHash, type StoredHash } from '../src/lib/phc.ts'
import { passwordBytes } from '../src/lib/text.ts'

const bytes = (min: number, max: number): fc.Arbitrary<Buffer> =>
  fc.uint8Array({ minLength: min, maxLength: max }).map((b) => Buffer.from(b))

const hashes: fc.Arbitrary<StoredHash> = fc
  .record({
    variant: fc.constantFrom('argon2d', 'argon2i', 'argon2id'),
    version: fc.constantFrom(16, 19),
    passes: fc.integer({ min: 1, max: 2 ** 32 - 1 }),
    parallelism: fc.integer({ min: 1, max: 2 ** 24 - 1 }),
    extra: fc.integer({ min: 0, max: 2 ** 31 }),
    salt: bytes(8, 48),
    tag: bytes(12, 64),
  })
  .map(({ extra, ...h }) => ({
    ...h,
    memoryKiB: 8 * h.parallelism + extra,
    saltBytes: h.salt.length,
    tagBytes: h.tag.length,
  }))

describe('PHC strings', () => {
  it('come back as they were written', () => {
    fc.assert(
      fc.property(hashes, (hash) => {
        expect(parseHash(formatHash(hash))).toEqual(hash)
      }),
    )
  })

  it('[PASS-1] are written in the order m, t, p', () => {
    fc.assert(
      fc.property(hashes, (hash) => {
        expect(formatHash(hash)).toMatch(/\$v=\d+\$m=\d+,t=\d+,p=\d+\$/)
      }),
    )
  })

  it('are read with the parameters in any order', () => {
    const order = fc.shuffledSubarray(['m', 't', 'p'], { minLength: 3, maxLength: 3 })
    fc.assert(
      fc.property(hashes, order, (hash, names) => {
        const value: Record<string, number> = { m: hash.memoryKiB, t: hash.passes, p: hash.parallelism }
        const shuffled = names.map((name) => `${name}=${value[name]}`).join()
        expect(parseHash(formatHash(hash).replace(/m=\d+,t=\d+,p=\d+/, shuffled))).toEqual(hash)
      }),
    )
  })

  it('[PASS-3] have one spelling, so that no edit of one reads as another', () => {
    const edit = fc.record({ at: fc.nat(), remove: fc.nat(2), insert: fc.string({ maxLength: 2 }) })
    fc.assert(
      fc.property(hashes, edit, (hash, { at, remove, insert }) => {
        const text = formatHash(hash)
        const place = at % (text.length + 1)
        const edited = text.slice(0, place) + insert + text.slice(place + remove)
        const read = parseHash(edited)
        if (read !== undefined) expect(formatHash(read)).toBe(edited)
      }),
      { numRuns: 1_000 },
    )
  })

  const good = '$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc'
  it.each([
    ['a parameter twice', good.replace('t=2', 'm=256')],
    ['a parameter missing', good.replace(',t=2', '')],
    ['a parameter too many', good.replace('p=2', 'p=2,x=1')],
    ['a key id', good.replace('p=2', 'p=2,keyid=cDE')],
    ['a leading zero', good.replace('m=256', 'm=0256')],
    ['a sign', good.replace('m=256', 'm=+256')],
    ['a zero', good.replace('t=2', 't=0')],
    ['less memory than the lanes need', good.replace('m=256', 'm=15')],
    ['a number beyond ten digits', good.replace('t=2', 't=20000000000')],
    ['an unknown version', good.replace('v=19', 'v=20')],
    ['an unknown variant', good.replace('argon2id', 'argon2x')],
    ['a salt of seven bytes', good.replace('c29tZXNhbHQ', 'c29tZXNhbA')],
    ['a tag of eight bytes', good.replace(/[^$]+$/, 'c29tZXNhbHQ')],
    ['no tag', good.replace(/\$[^$]+$/, '')],
    ['padding', `${good}=`],
    ['stray bits at the end of the salt', good.replace('c29tZXNhbHQ', 'c29tZXNhbHR')],
    ['URL-safe Base64', good.replaceAll('/', '_')],
    ['text before', ` ${good}`],
    ['a line feed after', `${good}\n`],
    ['a megabyte', good + 'A'.repeat(1e6)],
  ])('[PASS-3] are refused with %s', (_name, text) => {
    expect(parseHash(good)).toMatchObject({ memoryKiB: 256, passes: 2, parallelism: 2 })
    expect(parseHash(text)).toBeUndefined()
  })
})

describe('the ceiling on stored parameters', () => {
  const configured = readParameters({ memoryKiB: 131_072, passes: 1 })
  it.each([
    [{ memoryKiB: 524_288 }, true], // four times what is configured
    [{ memoryKiB: 524_289 }, false],
    [{ passes: 12 }, true], // four times the default
    [{ passes: 13 }, false],
    [{ parallelism: 16 }, true],
    [{ parallelism: 17 }, false],
  ])('[PASS-3] %j: %s', (change, expected) => {
    expect(affordable({ ...configured, ...change }, configured)).toBe(expected)
  })

  it('[PASS-3] still takes the default after the settings were lowered', () => {
    expect(affordable(readParameters({}), readParameters({ memoryKiB: 7_168, passes: 5, parallelism: 1 }))).toBe(true)
  })
})

describe('the bytes of a password', () => {
  it('are the same for all spellings of a text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 200 }), (text) => {
        expect(passwordBytes(text.normalize('NFD'))).toEqual(passwordBytes(text.normalize('NFC')))
      }),
    )
  })

  it('are all of the text, or none', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 600 }), (text) => {
        const whole = Buffer.from(text.normalize('NFC'))
        expect(passwordBytes(text)).toEqual(whole.length > 1_024 ? 'password_too_long' : whole)
      }),
    )
  })

  it('count after normalisation, which can quarter the length', () => {
    const decomposed = '\u1f87'.repeat(341).normalize('NFD') // 341 × 3 = 1,023 bytes from 1,364 units
    expect(decomposed).toHaveLength(1_364)
    expect(passwordBytes(decomposed)).toHaveLength(1_023)
    expect(passwordBytes(`${decomposed}ab`)).toBe('password_too_long')
  })

  it('are refused before a long pile of accents is sorted, which takes seconds for 100 KB', () => {
    const start = process.cpuUsage()
    for (let i = 0; i < 100; i++) expect(passwordBytes(`a${'\u0316\u0301'.repeat(25_000)}`)).toBe('password_too_long')
    expect(process.cpuUsage(start).user).toBeLessThan(1_000_000)
  })
})
