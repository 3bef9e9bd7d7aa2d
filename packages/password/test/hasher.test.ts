import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { hash as packageHash } from 'argon2'
import { ConfigurationError } from '@wardstone/core'
import { describe, expect, it } from 'vitest'
import { createPasswordHasher, PasswordError, type PasswordHasherOptions } from '../src/index.ts'

/** The cheapest parameters that are accepted: nothing is bent for tests, and one computation takes about 25 ms. */
const CHEAPEST = { memoryKiB: 7_168, passes: 5, parallelism: 1 } as const
const cheap = createPasswordHasher(CHEAPEST)
const right = 'Correct-Horse-9!'
const stored = await cheap.hash(right)

describe('hash', () => {
  it('[PASS-1] is Argon2id with 64 MiB, three passes, four lanes, a 16-byte salt and a 32-byte tag by default', async () => {
    const hasher = createPasswordHasher()
    const text = await hasher.hash(right)
    expect(text).toMatch(/^\$argon2id\$v=19\$m=65536,t=3,p=4\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/)
    expect(await hasher.verify(text, right)).toBe(true)
    expect(hasher.needsRehash(text)).toBe(false)
  })

  it('takes the parameters that it was given', async () => {
    const hasher = createPasswordHasher({ memoryKiB: 9_216, passes: 4, parallelism: 2, tagBytes: 64, saltBytes: 48 })
    expect(await hasher.hash(right)).toMatch(/^\$argon2id\$v=19\$m=9216,t=4,p=2\$[A-Za-z0-9+/]{64}\$[A-Za-z0-9+/]{86}$/)
  })

  it('salts each hash anew', async () => {
    const again = await cheap.hash(right)
    expect(again.split('$')[4]).not.toBe(stored.split('$')[4])
    expect(again.split('$')[5]).not.toBe(stored.split('$')[5])
  })

  it.each([
    ['password_empty', ''],
    ['password_too_long', 'p'.repeat(1_025)],
    ['password_too_long', 'ä'.repeat(513)],
    ['password_malformed', 'pass\ud800word'],
    ['password_malformed', undefined as unknown as string],
  ])('throws %s for what cannot be a password, and does not repeat it', async (code, password) => {
    const error = await cheap.hash(password).catch((e: unknown) => e)
    expect(error).toBeInstanceOf(PasswordError)
    expect(error).toMatchObject({ code, retryable: false })
    if (password) expect(String(error)).not.toContain(password.slice(0, 8))
  })

  it.skipIf(process.platform !== 'linux')(
    '[PASS-3] says that it failed, as a fault that may pass, when memory is short',
    async () => {
      const script = `import { createPasswordHasher } from ${JSON.stringify(new URL('../src/index.ts', import.meta.url).href)}
      const hasher = createPasswordHasher({ memoryKiB: 4_194_304, passes: 1 })
      const told = (e) => console.log(e.name, e.code, e.retryable)
      await hasher.hash('x').catch(told)
      await hasher.verify(null, 'x').catch(told)`
      const starved = 'ulimit -v 4000000 && exec "$0" --input-type=module -e "$1"'
      const { stdout } = await promisify(execFile)('sh', ['-c', starved, process.execPath, script], { timeout: 20_000 })
      expect(stdout).toBe('PasswordError password_hashing_failed true\n'.repeat(2))
    },
  )
})

describe('verify', () => {
  it('tells the right password from others', async () => {
    expect(await cheap.verify(stored, right)).toBe(true)
    for (const wrong of [right.toLowerCase(), `${right} `, right.slice(0, -1)]) {
      expect(await cheap.verify(stored, wrong), wrong).toBe(false)
    }
  })

  it('takes a password of 1,024 bytes in full', async () => {
    const long = 'p'.repeat(1_023)
    const hash = await cheap.hash(`${long}a`)
    expect(await cheap.verify(hash, `${long}a`)).toBe(true)
    expect(await cheap.verify(hash, `${long}b`)).toBe(false)
  })

  it('takes a password however its accents were typed', async () => {
    const hash = await cheap.hash('caf\u00e9 \u1e69')
    expect(await cheap.verify(hash, 'cafe\u0301 s\u0307\u0323')).toBe(true)
  })

  it('does not take a lone surrogate for the replacement character', async () => {
    const hash = await cheap.hash('pass\ufffdword')
    expect(await cheap.verify(hash, 'pass\ufffdword')).toBe(true)
    expect(await cheap.verify(hash, 'pass\ud800word')).toBe(false)
  })

  it.each(['', 'p'.repeat(100_000), undefined as unknown as string])(
    'is false for what cannot be a password',
    async (password) => {
      expect(await cheap.verify(stored, password)).toBe(false)
    },
  )

  // The strings of the reference implementation's own tests: "password", salted with "somesalt".
  it.each([
    '$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc',
    '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc',
    '$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$iekCn0Y3spW+sCcFanM2xBT63UP2sghkUoHLIUpWRS8',
    '$argon2i$m=256,t=2,p=1$c29tZXNhbHQ$/U3YPXYsSb3q9XxHvc0MLxur+GP960kN9j7emXX8zwY',
  ])('reads what the reference implementation wrote: %s', async (reference) => {
    expect(await cheap.verify(reference, 'password')).toBe(true)
    expect(await cheap.verify(reference, 'passwort')).toBe(false)
    expect(cheap.needsRehash(reference)).toBe(true)
  })

  it('reads what the argon2 package wrote, whose order of parameters is its own', async () => {
    const theirs = await packageHash(right, { memoryCost: 7_168, timeCost: 5, parallelism: 1 })
    expect(theirs).toContain('$m=7168,p=1,t=5$')
    expect(await cheap.verify(theirs, right)).toBe(true)
  })

  it.each(['', '!', 'plain text', '$2b$12$abcdefghijklmnopqrstuv', `${stored}=`, stored.replace('t=5', 't=05'), `${stored}\n`])(
    '[PASS-3] is false for a stored text that is no Argon2 hash: %j',
    async (malformed) => {
      const hasher = createPasswordHasher(CHEAPEST)
      expect(await hasher.verify(malformed, right)).toBe(false)
      expect(hasher.stats()).toMatchObject({ malformed: 1, unaffordable: 0, mismatched: 1 })
    },
  )

  it.each(['m=2097152,t=3,p=4', 'm=4294967295,t=1,p=1', 'm=65536,t=4294967295,p=4', 'm=65536,t=21,p=4', 'm=65536,t=3,p=17'])(
    '[PASS-3] refuses a stored %s before it takes the memory or the time',
    async (hostile) => {
      const hasher = createPasswordHasher(CHEAPEST)
      const before = process.resourceUsage().maxRSS
      expect(await hasher.verify(stored.replace('m=7168,t=5,p=1', hostile), right)).toBe(false)
      expect(process.resourceUsage().maxRSS - before).toBeLessThan(100 * 1024)
      expect(hasher.stats()).toMatchObject({ malformed: 0, unaffordable: 1 })
    },
  )

  it.each([
    ['no account', null],
    ['no row', undefined],
    ['an account without a password', '!'],
    ['a hostile hash', '$argon2id$v=19$m=4194304,t=3,p=4$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc'],
  ])('[PASS-3] works as hard for %s as for a wrong password', async (_name, without) => {
    const real = await cpuOf(() => cheap.verify(stored, 'wrong'))
    const dummy = await cpuOf(() => cheap.verify(without, 'wrong'))
    // CPU time of the whole process, so that a busy machine does not count; no work at all would be about 0.
    expect(dummy / real).toBeGreaterThan(0.6)
    expect(dummy / real).toBeLessThan(1.7)
  })
})

describe('needsRehash', () => {
  const other: readonly PasswordHasherOptions[] = [
    { memoryKiB: 7_169 },
    { memoryKiB: 9_216, passes: 4 },
    { passes: 6 },
    { parallelism: 2 },
    { tagBytes: 31 },
    { saltBytes: 17 },
  ]
  it.each(other)('[PASS-2] is true once a parameter differs: %j', (change) => {
    expect(createPasswordHasher({ ...CHEAPEST, ...change }).needsRehash(stored)).toBe(true)
    expect(createPasswordHasher(CHEAPEST).needsRehash(stored)).toBe(false)
  })

  it.each([
    ['variant', stored.replace('argon2id', 'argon2i')],
    ['version', stored.replace('v=19', 'v=16')],
    ['format', '$2b$12$abcdefghijklmnopqrstuv'],
  ])('[PASS-2] is true for another %s', (_name, text) => {
    expect(cheap.needsRehash(text)).toBe(true)
  })

  it('does not ask for a rehash because of the order of the parameters', () => {
    expect(cheap.needsRehash(stored.replace('m=7168,t=5,p=1', 'p=1,m=7168,t=5'))).toBe(false)
  })
})

describe('options', () => {
  it.each<[PasswordHasherOptions, string[]]>([
    [{ memoryKiB: 7_167, passes: 10 }, ['memoryKiB']],
    [{ memoryKiB: 47_103, passes: 1 }, ['memoryKiB']],
    [{ memoryKiB: 19_455, passes: 2 }, ['memoryKiB']],
    [{ memoryKiB: 12_287 }, ['memoryKiB']],
    [{ memoryKiB: 9_215, passes: 4 }, ['memoryKiB']],
    [{ passes: 0, parallelism: 0, tagBytes: 15, saltBytes: 15 }, ['parallelism', 'passes', 'saltBytes', 'tagBytes']],
    [{ memoryKib: 65_536 } as PasswordHasherOptions, ['memoryKib']],
  ])('[PASS-1] refuses %j, below the floor or unknown', (options, wrong) => {
    const error = caught(() => createPasswordHasher(options))
    expect(error).toBeInstanceOf(ConfigurationError)
    expect((error as ConfigurationError).problems.map((p) => p.option).sort()).toEqual(wrong)
  })

  it('suggests the name that was meant', () => {
    expect(() => createPasswordHasher({ memoryKib: 65_536 } as PasswordHasherOptions)).toThrow('did you mean memoryKiB?')
  })
})

it('counts what it did', async () => {
  const hasher = createPasswordHasher(CHEAPEST)
  const hash = await hasher.hash(right)
  await hasher.verify(hash, right)
  await hasher.verify(hash, 'wrong')
  await hasher.verify(null, right)
  expect(hasher.stats()).toEqual({ hashed: 1, matched: 1, mismatched: 2, malformed: 0, unaffordable: 0 })
})

async function cpuOf(work: () => Promise<unknown>): Promise<number> {
  const start = process.cpuUsage()
  for (let round = 0; round < 5; round++) await work()
  const { user, system } = process.cpuUsage(start)
  return user + system
}

function caught(work: () => unknown): unknown {
  try {
    return work()
  } catch (error) {
    return error
  }
}
