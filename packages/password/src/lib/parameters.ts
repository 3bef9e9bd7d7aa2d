import { readOptions } from '@wardstone/core'

/** Options of {@link createPasswordHasher}. The defaults are the second recommended option of RFC 9106. */
export interface PasswordHasherOptions {
  /**
   * Memory of one computation, in KiB: all lanes together. Default 65,536 (64 MiB). At least 7,168, and more with fewer
   * passes: 9,216 with four, 12,288 with three, 19,456 with two, 47,104 with one.
   */
  readonly memoryKiB?: number | undefined
  /** How often the memory is gone through: `t`. Default 3. */
  readonly passes?: number | undefined
  /** Lanes that can be computed at once: `p`. Default 4. */
  readonly parallelism?: number | undefined
  /** Length of the tag in bytes, 16 to 64. Default 32. */
  readonly tagBytes?: number | undefined
  /** Length of the random salt in bytes, 16 to 48. Default 16. */
  readonly saltBytes?: number | undefined
}

/** Everything that decides how a hash is computed, and what it costs. */
export interface Parameters {
  readonly variant: Variant
  readonly version: number
  readonly memoryKiB: number
  readonly passes: number
  readonly parallelism: number
  readonly saltBytes: number
  readonly tagBytes: number
}

export type Variant = 'argon2d' | 'argon2i' | 'argon2id'

/**
 * The least memory for so many passes, in KiB.
 *
 * @see {@link https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html#argon2id | OWASP, Argon2id}
 */
const FLOOR_KIB = [47_104, 19_456, 12_288, 9_216, 7_168] as const
const DEFAULTS = { memoryKiB: 65_536, passes: 3, parallelism: 4 } as const

export function readParameters(options: PasswordHasherOptions): Parameters {
  return readOptions('createPasswordHasher', options, (o) => {
    const memoryKiB = o.integer('memoryKiB', { min: 7_168, max: 4_194_304 }, DEFAULTS.memoryKiB)
    const passes = o.integer('passes', { min: 1, max: 64 }, DEFAULTS.passes)
    const floor = FLOOR_KIB[passes - 1] ?? 0
    if (memoryKiB < floor) o.problem('memoryKiB', `expected at least ${floor} when passes is ${passes}`)
    return {
      variant: 'argon2id',
      version: 0x13,
      memoryKiB,
      passes,
      parallelism: o.integer('parallelism', { min: 1, max: 64 }, DEFAULTS.parallelism),
      saltBytes: o.integer('saltBytes', { min: 16, max: 48 }, 16),
      tagBytes: o.integer('tagBytes', { min: 16, max: 64 }, 32),
    }
  })
}

/**
 * Whether a stored hash may be computed at all. Whoever can write to the table must not be able to take the memory of the
 * process: four times the default, or four times what is configured if that is more, leaves room for settings that were
 * lowered since.
 */
export function affordable(stored: Parameters, configured: Parameters): boolean {
  const within = (name: keyof typeof DEFAULTS): boolean => stored[name] <= 4 * Math.max(DEFAULTS[name], configured[name])
  return within('memoryKiB') && within('passes') && within('parallelism')
}

export function sameParameters(a: Parameters, b: Parameters): boolean {
  return (
    a.variant === b.variant &&
    a.version === b.version &&
    a.memoryKiB === b.memoryKiB &&
    a.passes === b.passes &&
    a.parallelism === b.parallelism &&
    a.saltBytes === b.saltBytes &&
    a.tagBytes === b.tagBytes
  )
}
