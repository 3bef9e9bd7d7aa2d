import { WardstoneError } from '@wardstone/core'

/**
 * Why a password cannot be hashed.
 *
 * - `password_empty`: It has no characters.
 * - `password_too_long`: It has more than 1,024 bytes in UTF-8.
 * - `password_malformed`: It is no well-formed Unicode text.
 * - `password_hashing_failed`: Retryable. The computation failed, most likely for want of memory.
 */
export type PasswordErrorCode = 'password_empty' | 'password_too_long' | 'password_malformed' | 'password_hashing_failed'

const MESSAGES: Readonly<Record<PasswordErrorCode, string>> = {
  password_empty: 'the password is empty',
  password_too_long: 'the password is longer than 1024 bytes in UTF-8',
  password_malformed: 'the password is not well-formed Unicode text',
  password_hashing_failed: 'the password could not be hashed; is there memory for another computation?',
}

/**
 * Thrown for a text that cannot be a password, and when the computation fails. Validate what people type before it gets
 * here; this is the last line. The message never repeats the password.
 */
export class PasswordError extends WardstoneError<PasswordErrorCode> {
  readonly code: PasswordErrorCode

  constructor(code: PasswordErrorCode, cause?: unknown) {
    super(MESSAGES[code], { cause, retryable: code === 'password_hashing_failed' })
    this.code = code
  }
}

/**
 * Why a text cannot be a password under any policy, or `undefined` when it can: ask before
 * {@link PasswordHasher.hash} throws.
 *
 * @example
 * ```ts
 * import { passwordProblem } from '@wardstone/password'
 *
 * export const problem = passwordProblem('') // 'password_empty'
 * ```
 */
export function passwordProblem(password: string): PasswordErrorCode | undefined {
  const bytes = passwordBytes(password)
  return typeof bytes === 'string' ? bytes : undefined
}

const MAX_BYTES = 1_024
/** The longest canonical decomposition of one character has four code units, so what is longer cannot become short enough. */
const MAX_UNITS = 4 * MAX_BYTES

/**
 * The bytes that are hashed: UTF-8 of the text in NFC, so that a password typed on another keyboard is the same one. What
 * is too long is refused, never cut, and before normalisation sorts through it.
 *
 * @see {@link https://pages.nist.gov/800-63-4/sp800-63b.html#passwordver | NIST SP 800-63B-4 section 3.1.1.2}
 */
export function passwordBytes(password: string): Buffer | PasswordErrorCode {
  if (typeof password !== 'string') return 'password_malformed'
  if (password.length > MAX_UNITS) return 'password_too_long'
  // A lone surrogate has no UTF-8: it would be hashed as U+FFFD, and so would any other.
  if (!password.isWellFormed()) return 'password_malformed'
  const bytes = Buffer.from(password.normalize('NFC'), 'utf8')
  if (bytes.length === 0) return 'password_empty'
  return bytes.length > MAX_BYTES ? 'password_too_long' : bytes
}
