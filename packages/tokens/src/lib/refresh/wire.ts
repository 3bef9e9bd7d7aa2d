import { createHmac, createSecretKey, hash, timingSafeEqual, type KeyObject } from 'node:crypto'
import type { Secret, SecretRing } from '@wardstone/core'
import { isCanonical } from '../jws/compact.ts'

/** Marks our refresh tokens, so that scanners find them where they do not belong. */
const PREFIX = 'wrt_'
const VERSION = 1
const SHAPE = /^wrt_[\w-]{80,100}$/
/** Before the generation: version 1, kid 4, shard 8, fid 16. After it: s 16, MAC 16. */
const HEAD = 29
const TAIL = 32
const MAX_GENERATION = 2 ** 31

/** What a refresh token says. */
export interface RefreshParts {
  /** base64url of 8 bytes: which part of the store holds the subject. */
  readonly shard: string
  /** base64url of 16 bytes: the session. */
  readonly sid: string
  readonly generation: number
  /** The family's own secret, 16 bytes, the same in all its tokens. */
  readonly s: Buffer
}

/** A token whose signature is ours. */
export interface SignedRefresh extends RefreshParts {
  /** The ring secret that signed it. */
  readonly kid: string
}

/** Whether a text is no refresh token, or one signed with a secret that this process does not know (yet). */
export type WireRefusal = 'malformed' | 'refresh_key_unknown'

/**
 * Writes a refresh token: `wrt_` and base64url of
 * `0x01 ‖ SHA-256(kid)[0..4] ‖ shard 8 ‖ fid 16 ‖ uvarint n ‖ s 16 ‖ HMAC-SHA-256(all of this)[0..16]`.
 * The same parts give the same text: that is what makes a retry harmless.
 */
export function encodeRefresh(parts: RefreshParts, secret: Secret): string {
  const body = Buffer.concat([
    Buffer.from([VERSION]),
    known(secret).mark,
    Buffer.from(parts.shard, 'base64url'),
    Buffer.from(parts.sid, 'base64url'),
    uvarint(parts.generation),
    parts.s,
  ])
  return PREFIX + Buffer.concat([body, mac(body, secret)]).toString('base64url')
}

/** Reads a refresh token and verifies its signature, which costs no look at the store. */
export function decodeRefresh(token: string, ring: SecretRing): SignedRefresh | WireRefusal {
  if (typeof token !== 'string' || !SHAPE.test(token)) return 'malformed'
  const text = token.slice(PREFIX.length)
  if (!isCanonical(text)) return 'malformed'
  const bytes = Buffer.from(text, 'base64url')
  if (bytes[0] !== VERSION) return 'malformed'
  const body = bytes.subarray(0, -16)
  const named = ring.all().filter((secret) => known(secret).mark.equals(bytes.subarray(1, 5)))
  if (named.length === 0) return 'refresh_key_unknown'
  const secret = named.find((candidate) => timingSafeEqual(mac(body, candidate), bytes.subarray(-16)))
  const generation = readUvarint(bytes.subarray(HEAD, -TAIL))
  if (secret === undefined || generation === undefined) return 'malformed'
  return {
    kid: secret.kid,
    shard: bytes.toString('base64url', 5, 13),
    sid: bytes.toString('base64url', 13, HEAD),
    generation,
    s: bytes.subarray(-TAIL, -16),
  }
}

/** Sets the subjects of one issuer apart from those of another in the same store. */
export function namespaceOf(issuer: string): string {
  return sha256(issuer).toString('base64url', 0, 6)
}

/**
 * The keys of an issuer's refresh tokens. Each issuer has its own out of one ring, so that a token of one is none of
 * another's, whatever store and ring they share.
 */
export function refreshRing(ring: SecretRing, issuer: string): SecretRing {
  return ring.derive(`refresh:${namespaceOf(issuer)}`)
}

/** Which part of a store holds a subject: tells nothing of who that is, and the same name falls elsewhere for another issuer. */
export function shardOf(namespace: string, sub: string): string {
  const name = Buffer.from(namespace)
  const length = Buffer.alloc(2)
  length.writeUInt16BE(name.length)
  return sha256(Buffer.concat([length, name, Buffer.from(sub)])).toString('base64url', 0, 8)
}

/** What the store keeps of a family's secret. */
export function hashOf(s: Uint8Array): Buffer {
  return sha256(s)
}

/** In one call: a hash object costs three times as much as hashing something short. */
function sha256(data: string | Uint8Array): Buffer {
  return hash('sha256', data, 'buffer')
}

interface KnownSecret {
  /** How tokens name it. */
  readonly mark: Buffer
  /** Made once: Node makes a key object out of bytes at every use, which takes five times as long as the HMAC itself. */
  readonly key: KeyObject
}

const knownSecrets = new WeakMap<Secret, KnownSecret>()

function known(secret: Secret): KnownSecret {
  const before = knownSecrets.get(secret)
  if (before !== undefined) return before
  const mark = sha256(secret.kid).subarray(0, 4)
  const made = { mark, key: createSecretKey(secret.bytes()) }
  knownSecrets.set(secret, made)
  return made
}

function mac(body: Uint8Array, secret: Secret): Buffer {
  return createHmac('sha256', known(secret).key).update(body).digest().subarray(0, 16)
}

function uvarint(value: number): Buffer {
  const bytes: number[] = []
  let rest = value
  while (rest >= 0x80) {
    bytes.push((rest & 0x7f) | 0x80)
    rest >>>= 7
  }
  return Buffer.from([...bytes, rest])
}

/** Reads exactly one number in its shortest form: a longer one would be a second spelling of the same token. */
function readUvarint(bytes: Uint8Array): number | undefined {
  if (bytes.length < 1 || bytes.length > 5) return undefined
  let value = 0
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] as number
    const last = i === bytes.length - 1
    if (byte >= 0x80 === last) return undefined
    if (last && byte === 0 && i > 0) return undefined
    value += (byte & 0x7f) * 2 ** (7 * i)
  }
  return value < MAX_GENERATION ? value : undefined
}
