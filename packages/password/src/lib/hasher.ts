import { randomBytes, timingSafeEqual } from 'node:crypto'
import { argon2d, argon2i, argon2id, hash as compute } from 'argon2'
import { affordable, readParameters, sameParameters, type Parameters, type PasswordHasherOptions } from './parameters.ts'
import { formatHash, parseHash, type StoredHash } from './phc.ts'
import { passwordBytes, PasswordError } from './text.ts'

/** What a hasher did since it was made. */
export interface PasswordHasherStats {
  /** Hashes made. */
  readonly hashed: number
  /** Passwords that were right. */
  readonly matched: number
  /** Passwords that were wrong, those for unknown accounts included. */
  readonly mismatched: number
  /** Stored hashes that are no Argon2 hash: another format, a placeholder, a damaged row. */
  readonly malformed: number
  /** Stored hashes that ask for more than may be spent. Anything but 0 deserves a look at who writes to the table. */
  readonly unaffordable: number
}

/** Hashes passwords and checks them. Safe for concurrent use; holds nothing of what passed through. */
export interface PasswordHasher {
  /**
   * Hashes a password, with a fresh salt.
   *
   * @returns a PHC string of about 100 characters, such as `$argon2id$v=19$m=65536,t=3,p=4$…$…`: store it as it is
   * @throws {@link PasswordError} `password_empty`, `password_too_long`, `password_malformed`, `password_hashing_failed`
   */
  hash(password: string): Promise<string>
  /**
   * Whether the password is the one behind a stored hash. Without one (`null`: no such account, or one without a
   * password) the answer is `false` after the work that a real check takes, so that time does not tell who has an account.
   * The same goes for stored text that is not an Argon2 hash, or that would cost more than four times the greater of the
   * default and the configured parameters. A text that cannot be a password is `false` at once.
   *
   * Hashes of other parameters take other time: {@link PasswordHasher.needsRehash | rehash} them as people log in.
   *
   * @throws {@link PasswordError} `password_hashing_failed`
   */
  verify(stored: string | null | undefined, password: string): Promise<boolean>
  /**
   * Whether a stored hash was made with any parameter other than those in use now: variant, version, memory, passes, lanes,
   * length of salt or tag. Ask after a successful `verify`, and replace the old hash only if it is still the one that was
   * verified, or a slow rehash overwrites a password that was changed meanwhile.
   */
  needsRehash(stored: string): boolean
  /** Counters since construction. */
  stats(): PasswordHasherStats
}

/**
 * Makes a {@link PasswordHasher}: Argon2id with 64 MiB, three passes, four lanes and a 32-byte tag unless told otherwise.
 * Each computation takes that memory and a thread of libuv's pool while it runs.
 *
 * @throws {@link ConfigurationError} `invalid_options`, also for parameters below what OWASP holds for the least
 * @see {@link https://www.rfc-editor.org/rfc/rfc9106#section-4 | RFC 9106 section 4}
 *
 * @example
 * ```ts
 * import type { SqlLike } from '@wardstone/core'
 * import { createPasswordHasher } from '@wardstone/password'
 *
 * const passwords = createPasswordHasher()
 *
 * export async function logIn(db: SqlLike, id: string, stored: string | null, password: string): Promise<boolean> {
 *   if (!(await passwords.verify(stored, password)) || stored === null) return false
 *   if (passwords.needsRehash(stored)) {
 *     const fresh = await passwords.hash(password)
 *     await db.query('UPDATE account SET hash = $1 WHERE id = $2 AND hash = $3', [fresh, id, stored])
 *   }
 *   return true
 * }
 * ```
 */
export function createPasswordHasher(options: PasswordHasherOptions = {}): PasswordHasher {
  return new Argon2Hasher(readParameters(options))
}

class Argon2Hasher implements PasswordHasher {
  readonly #parameters: Parameters
  /** What a password is held against when there is nothing to hold it against. No password is behind it. */
  readonly #dummy: StoredHash
  readonly #counts = { hashed: 0, matched: 0, mismatched: 0, malformed: 0, unaffordable: 0 }

  constructor(parameters: Parameters) {
    this.#parameters = parameters
    this.#dummy = { ...parameters, salt: randomBytes(parameters.saltBytes), tag: randomBytes(parameters.tagBytes) }
  }

  async hash(password: string): Promise<string> {
    const bytes = passwordBytes(password)
    if (typeof bytes === 'string') throw new PasswordError(bytes)
    const salt = randomBytes(this.#parameters.saltBytes)
    const tag = await argon2(bytes, salt, this.#parameters)
    this.#counts.hashed++
    return formatHash({ ...this.#parameters, salt, tag })
  }

  async verify(stored: string | null | undefined, password: string): Promise<boolean> {
    const bytes = passwordBytes(password)
    if (typeof bytes === 'string') return this.#answer(false)
    const known = this.#readable(stored)
    const against = known ?? this.#dummy
    const same = timingSafeEqual(await argon2(bytes, against.salt, against), against.tag)
    return this.#answer(same && known !== undefined)
  }

  needsRehash(stored: string): boolean {
    const hash = parseHash(stored)
    return hash === undefined || !sameParameters(hash, this.#parameters)
  }

  stats(): PasswordHasherStats {
    return { ...this.#counts }
  }

  #readable(stored: string | null | undefined): StoredHash | undefined {
    if (stored === null || stored === undefined) return undefined
    const hash = parseHash(stored)
    if (hash !== undefined && affordable(hash, this.#parameters)) return hash
    this.#counts[hash === undefined ? 'malformed' : 'unaffordable']++
    return undefined
  }

  #answer(matched: boolean): boolean {
    this.#counts[matched ? 'matched' : 'mismatched']++
    return matched
  }
}

const VARIANTS = { argon2d, argon2i, argon2id } as const

/**
 * The raw computation. The `argon2` package's own encoder and verifier stay out of it: they write the parameters in an
 * order that others cannot read, compute whatever a stored hash asks for, and throw at what is none.
 */
async function argon2(password: Buffer, salt: Buffer, parameters: Parameters): Promise<Buffer> {
  try {
    return await compute(password, {
      raw: true,
      salt,
      type: VARIANTS[parameters.variant],
      version: parameters.version,
      memoryCost: parameters.memoryKiB,
      timeCost: parameters.passes,
      parallelism: parameters.parallelism,
      hashLength: parameters.tagBytes,
    })
  } catch (cause) {
    throw new PasswordError('password_hashing_failed', cause)
  }
}
