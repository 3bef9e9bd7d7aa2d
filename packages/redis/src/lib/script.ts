import { createHash } from 'node:crypto'
import { InvalidArgumentError } from '@wardstone/core'

/** A Lua script that Redis runs in one step. {@link script} makes one. */
export interface Script {
  /** What errors call it. */
  readonly name: string
  readonly source: string
  /** SHA-1 of the source, as `EVALSHA` wants it. */
  readonly sha: string
  /** Whether texts in its answer are Buffers. */
  readonly buffers: boolean
}

/** Options of {@link script}. */
export interface ScriptOptions {
  /** What errors call it: letters, digits, `-`, `_`, `.` and `:`. */
  readonly name: string
  /** Texts in the answer come as Buffers: for scripts that return bytes. Default `false`. */
  readonly buffers?: boolean | undefined
}

/**
 * Makes a {@link Script}. It is sent by its hash, and whole when the server does not know it (yet, or after `SCRIPT FLUSH`).
 *
 * Declare every key in `KEYS`, also those that it only reads. Lua's numbers are doubles and print as `1.7e+15`: return integers with
 * `string.format('%.0f', n)`, and read them with {@link integer}.
 *
 * @throws {@link InvalidArgumentError} `invalid_argument`
 * @see {@link https://redis.io/docs/latest/develop/programmability/eval-intro/ | Scripting with Lua}
 *
 * @example
 * ```ts
 * import { script } from '@wardstone/redis'
 *
 * export const count = script("return string.format('%.0f', redis.call('INCRBY', KEYS[1], ARGV[1]))", { name: 'count' })
 * ```
 */
export function script(source: string, options: ScriptOptions): Script {
  if (!/^[\w.:-]{1,64}$/.test(options.name)) throw new InvalidArgumentError('name', 'expected letters, digits and -_.:')
  if (source.trim() === '') throw new InvalidArgumentError('source', 'expected a Lua script')
  const sha = createHash('sha1').update(source).digest('hex')
  return Object.freeze({ name: options.name, source, sha, buffers: options.buffers ?? false })
}
