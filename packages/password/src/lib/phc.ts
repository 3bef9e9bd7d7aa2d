import type { Parameters, Variant } from './parameters.ts'

/** A stored hash, taken apart. */
export interface StoredHash extends Parameters {
  readonly salt: Buffer
  readonly tag: Buffer
}

const SHAPE = /^\$(argon2(?:d|i|id))(?:\$v=(16|19))?\$([mtp]=\d+,[mtp]=\d+,[mtp]=\d+)\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/
const NUMBER = /^[1-9]\d{0,9}$/

/**
 * Writes a hash as a PHC string, with the parameters in the order that the format prescribes: `m`, `t`, `p`. Verifiers on
 * other platforms read no other order.
 *
 * @see {@link https://github.com/P-H-C/phc-string-format/blob/master/phc-sf-spec.md | PHC string format}
 */
export function formatHash(hash: StoredHash): string {
  const { variant, version, memoryKiB, passes, parallelism, salt, tag } = hash
  return `$${variant}$v=${version}$m=${memoryKiB},t=${passes},p=${parallelism}$${encode(salt)}$${encode(tag)}`
}

/**
 * Reads a PHC string of any Argon2 variant, the parameters in any order, since widespread libraries write them in others.
 * Everything else is strict: each parameter once, no leading zeros, canonical unpadded Base64, lengths as the format
 * allows. `undefined` for what is not such a string. What it would cost is not judged here.
 */
export function parseHash(text: string): StoredHash | undefined {
  if (text.length > 256) return undefined
  const [, variant, version, list = '', saltText = '', tagText = ''] = SHAPE.exec(text) ?? []
  const numbers = new Map(list.split(',').map((pair) => [pair.slice(0, 1), pair.slice(2)]))
  const [m, t, p] = [numbers.get('m'), numbers.get('t'), numbers.get('p')].map(readNumber)
  const salt = decode(saltText, 8, 48)
  const tag = decode(tagText, 12, 64)
  if (!m || !t || !p || m < 8 * p || salt === undefined || tag === undefined) return undefined
  return {
    variant: variant as Variant,
    version: version === undefined ? 16 : Number(version), // strings from before 1.3 do not name it
    memoryKiB: m,
    passes: t,
    parallelism: p,
    saltBytes: salt.length,
    tagBytes: tag.length,
    salt,
    tag,
  }
}

function readNumber(text: string | undefined): number | undefined {
  return text !== undefined && NUMBER.test(text) ? Number(text) : undefined
}

function encode(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '')
}

function decode(text: string, least: number, most: number): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64')
  return bytes.length >= least && bytes.length <= most && encode(bytes) === text ? bytes : undefined
}
