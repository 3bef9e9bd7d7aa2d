import { InvalidArgumentError } from '@wardstone/core'

/** Names the keys of one package in one namespace. {@link keySpace} makes one. */
export interface KeySpace {
  /**
   * The key of a thing: `ws:<package>:v1:<namespace>:{tag}:<part>:…`. Keys with the same tag are served by the same node, and only those
   * can be used by one script.
   *
   * @throws {@link InvalidArgumentError} `invalid_argument`
   */
  key(tag: string, ...parts: readonly string[]): string
  /** What all its keys begin with. */
  readonly prefix: string
  /** Finds all its keys, for {@link RedisConnection.scan}. */
  readonly pattern: string
}

/** A tag of braces or nothing would put the key into another slot than its like. */
const TAG = /^[^\s{}\p{Cc}]{1,256}$/u
/** A colon would make two things one: `a:b` with `c`, and `a` with `b:c`. */
const PART = /^[^\s{}:\p{Cc}]{1,256}$/u
const WORD = /^[A-Za-z0-9_-]{1,64}$/

/**
 * Makes a {@link KeySpace}. The version is that of the records: a new format gets a new one, and old records are left to expire.
 *
 * @throws {@link InvalidArgumentError} `invalid_argument`
 * @see {@link https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#hash-tags | Hash tags}
 *
 * @example
 * ```ts
 * import { keySpace } from '@wardstone/redis'
 *
 * const keys = keySpace('tokens', 'x7Kq')
 * console.log(keys.key('b3f', 'family', '42')) // ws:tokens:v1:x7Kq:{b3f}:family:42
 * ```
 */
export function keySpace(owner: string, namespace: string, version = 1): KeySpace {
  if (!WORD.test(owner)) throw new InvalidArgumentError('owner', 'expected letters, digits, - and _')
  if (!WORD.test(namespace)) throw new InvalidArgumentError('namespace', 'expected letters, digits, - and _')
  if (!Number.isSafeInteger(version) || version < 1) throw new InvalidArgumentError('version', 'expected a whole number from 1')
  const prefix = `ws:${owner}:v${version}:${namespace}:`
  return {
    prefix,
    pattern: `${prefix}*`,
    key(tag, ...parts) {
      if (!TAG.test(tag)) throw new InvalidArgumentError('tag', 'expected no braces, spaces or control characters')
      let key = `${prefix}{${tag}}`
      for (const part of parts) {
        if (!PART.test(part)) throw new InvalidArgumentError('part', 'expected no braces, colons, spaces or control characters')
        key += `:${part}`
      }
      return key
    },
  }
}

/**
 * Refuses keys that a Cluster would refuse, also where there is none: what runs against one server in development must not
 * fail in production.
 */
export function checkKeys(keys: readonly string[]): void {
  const [first, ...others] = keys
  if (first === undefined || first === '') throw new InvalidArgumentError('keys', 'expected at least one key')
  if (others.length === 0) return
  const tag = tagOf(first)
  if (others.some((key) => tagOf(key) !== tag)) throw new InvalidArgumentError('keys', 'expected keys with one hash tag')
}

/** The part of a key that decides about its slot. */
function tagOf(key: string): string {
  const from = key.indexOf('{')
  const to = from < 0 ? -1 : key.indexOf('}', from + 1)
  return to > from + 1 ? key.slice(from + 1, to) : key
}
