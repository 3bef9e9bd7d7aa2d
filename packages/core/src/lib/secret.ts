import { createHmac, randomBytes } from 'node:crypto'
import { inspect } from 'node:util'
import { readOptions } from './options.ts'

/**
 * A symmetric key with an id. Prints as `[secret]` in templates, JSON and `util.inspect`.
 */
export interface Secret {
  /** Names the key without telling anything of it. */
  readonly kid: string
  /** A copy of the key itself. */
  bytes(): Uint8Array
}

/** How a secret is written as text. */
export type SecretEncoding = 'base64url' | 'base64' | 'hex' | 'utf8'

/** Options of {@link secret}. */
export interface SecretOptions {
  /** The key's id. Default: derived from the bytes, the same in every process. */
  readonly kid?: string | undefined
  /** How text is to be read. Default `base64url`. `utf8` takes the characters themselves, as `jsonwebtoken` does. */
  readonly encoding?: SecretEncoding | undefined
}

const MIN_BYTES = 32
/** One line, since 64 characters are where openssl breaks it. */
const MAKE = "make one with `openssl rand -base64 48`, and pass encoding: 'base64'"
const ENCODINGS = ['base64url', 'hex', 'base64', 'utf8'] as const
const KID = /^[\w.~-]{1,64}$/

/**
 * Reads a secret and refuses what can be guessed: less than 32 decoded bytes, repetitions, sequences, and texts that
 * stand in tutorials.
 *
 * @throws {@link ConfigurationError} `invalid_options`; the message never repeats the secret.
 * @see {@link https://www.rfc-editor.org/rfc/rfc7518#section-3.2 | RFC 7518 section 3.2}
 *
 * @example
 * ```ts
 * import { secret } from '@wardstone/core'
 *
 * export const current = secret(process.env['JWT_SECRET'], { encoding: 'base64' })
 * ```
 */
export function secret(material: Uint8Array | string | undefined, options: SecretOptions = {}): Secret {
  const { bytes, kid } = readOptions('secret', options, (o) => {
    const encoding = o.oneOf('encoding', ENCODINGS, 'base64url')
    const kid = o.value<string>('kid', 'expected 1 to 64 of letters, digits, ".", "_", "~" and "-"', isKid)
    const bytes = typeof material === 'string' ? decode(material, encoding) : material && Uint8Array.from(material)
    const wrong = problemOf(material, encoding, bytes)
    if (wrong !== undefined) o.problem('material', wrong)
    return { bytes: bytes ?? new Uint8Array(), kid }
  })
  return new Sealed(bytes, kid)
}

/**
 * Makes a secret from the system's random generator: 64 bytes, as long as the block of the hash it will feed.
 *
 * @throws {@link ConfigurationError} `invalid_options` for less than 32 bytes.
 */
export function generateSecret(byteLength = 64): Secret {
  return secret(randomBytes(byteLength))
}

/** Wraps derived bytes, which are strong because their source is. */
export function sealed(bytes: Uint8Array, kid: string): Secret {
  return new Sealed(bytes, kid)
}

class Sealed implements Secret {
  readonly kid: string
  readonly #bytes: Uint8Array

  constructor(bytes: Uint8Array, kid?: string) {
    this.#bytes = bytes
    this.kid = kid ?? createHmac('sha256', bytes).update('wardstone:v1:kid').digest().subarray(0, 6).toString('base64url')
  }

  bytes(): Uint8Array {
    return Uint8Array.from(this.#bytes)
  }

  toString(): string {
    return '[secret]'
  }

  toJSON(): string {
    return '[secret]'
  }

  [inspect.custom](): string {
    return '[secret]'
  }
}

function problemOf(
  material: Uint8Array | string | undefined,
  encoding: SecretEncoding,
  bytes: Uint8Array | undefined,
): string | undefined {
  if (material === undefined || material.length === 0) return `got nothing; is the environment variable set? ${MAKE}`
  if (bytes !== undefined) return weakness(bytes, typeof material === 'string' ? material : undefined)
  const others = ENCODINGS.filter((other) => other !== 'utf8' && decode(String(material), other) !== undefined)
  const meant = others[0] ?? 'utf8'
  return `expected text in ${encoding}; pass encoding: '${meant}'${meant === 'utf8' ? ' to use the characters themselves' : ', which it is in'}`
}

function isKid(value: unknown): boolean {
  return typeof value === 'string' && KID.test(value)
}

function decode(text: string, encoding: SecretEncoding): Uint8Array | undefined {
  if (encoding === 'utf8') return Buffer.from(text, 'utf8')
  const bare = text.replace(/[\r\n]/g, '') // secret files end in a line break, and long texts come in lines
  const bytes = Buffer.from(bare, encoding)
  // Node skips what it cannot read: only a text that comes back the same was in this encoding.
  const again = bytes.toString(encoding)
  const same = encoding === 'hex' ? bare.toLowerCase() : bare.replace(/=+$/, '')
  return again.replace(/=+$/, '') === same ? bytes : undefined
}

/** What tutorials, templates and keyboards put where a secret belongs. */
const KNOWN = /secret|password|passwort|change.?me|your[-_ ]|example|keyboard|qwerty|letmein|default|insecure|placeholder/i

function weakness(bytes: Uint8Array, text: string | undefined): string | undefined {
  if (bytes.length < MIN_BYTES) {
    return `expected at least ${MIN_BYTES} bytes after decoding, got ${bytes.length}; ${MAKE}`
  }
  const guessable = `this can be guessed; ${MAKE}`
  if (new Set(bytes).size < 8 || repeats(bytes) || ascends(bytes)) return guessable
  if (KNOWN.test(text ?? '') || KNOWN.test(Buffer.from(bytes).toString('latin1'))) return guessable
  return undefined
}

function repeats(bytes: Uint8Array): boolean {
  for (let period = 1; period <= bytes.length / 2; period++) {
    if (bytes.every((byte, i) => i < period || byte === bytes[i - period])) return true
  }
  return false
}

function ascends(bytes: Uint8Array): boolean {
  const step = (bytes[1] ?? 0) - (bytes[0] ?? 0)
  return bytes.every((byte, i) => i === 0 || byte - (bytes[i - 1] ?? 0) === step)
}
