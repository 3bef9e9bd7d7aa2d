import { createCipheriv, createDecipheriv, createPrivateKey, randomBytes, type KeyObject } from 'node:crypto'
import type { SecretRing } from '@wardstone/core'
import { KeyDocumentError } from './key-document-error.ts'
import { sharedKey, type SharedKey, type SharedState } from './shared-state.ts'
import type { AsymmetricAlgorithm } from './verification-key.ts'

/** The outside of what is stored. What it says is bound to what is sealed: none of it can be exchanged. */
interface Envelope {
  readonly v: typeof VERSION
  /** Of the set. */
  readonly id: string
  /** Of the secret that it is sealed with. */
  readonly kid: string
  /** Nonce, AES-256-GCM and its tag, in base64url. */
  readonly sealed: string
}

const VERSION = 1
const CIPHER = 'aes-256-gcm'
const NONCE = 12
const TAG = 16
/** A hundred keys of RSA with room to spare. More is not ours. */
const MAX_LENGTH = 1_000_000
const MAX_KEYS = 100
const ALGORITHMS: readonly unknown[] = ['RS256', 'ES256', 'EdDSA'] satisfies readonly AsymmetricAlgorithm[]

/**
 * Writes the text that is stored: everything in it is sealed at once, so that whoever has the store can neither read a key nor make one sign
 * early, come back or change places.
 *
 * @param ring - of the purpose `keys`
 * @see {@link https://nvlpubs.nist.gov/nistpubs/Legacy/SP/nistspecialpublication800-38d.pdf | NIST SP 800-38D}
 */
export function seal(state: SharedState, ring: SecretRing): string {
  const secret = ring.current()
  const { id, bornAt, revision, banned } = state
  const keys = state.keys.map(({ kid, verification, createdAt, activateAt, tokenTtlMs, privateKey }) => {
    const pkcs8 = privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64url')
    return { kid, alg: verification.alg, createdAt, activateAt, tokenTtlMs, pkcs8 }
  })
  const nonce = randomBytes(NONCE)
  const cipher = createCipheriv(CIPHER, secret.bytes(), nonce, { authTagLength: TAG })
  cipher.setAAD(boundTo(id, secret.kid))
  const sealed = [nonce, cipher.update(JSON.stringify({ bornAt, revision, keys, banned })), cipher.final(), cipher.getAuthTag()]
  const envelope: Envelope = { v: VERSION, id, kid: secret.kid, sealed: Buffer.concat(sealed).toString('base64url') }
  return JSON.stringify(envelope)
}

/**
 * Reads what {@link seal} wrote.
 *
 * @param known - keys that need not be read once more
 * @returns the state, and the id of the secret that it was sealed with
 * @throws {@link KeyDocumentError} `key_document_unreadable`; says why in words of ours, since a parser quotes what it read.
 */
export function unseal(
  text: string,
  ring: SecretRing,
  known: readonly SharedKey[] = [],
): { readonly state: SharedState; readonly kid: string } {
  const { id, kid, sealed } = readEnvelope(text)
  const secret = ring.find(kid)
  if (secret === undefined) throw unreadable(`sealed with the secret ${kid}, which is not in the ring`)
  const bytes = Buffer.from(sealed, 'base64url')
  if (bytes.length < NONCE + TAG) throw unreadable('too short')
  const decipher = createDecipheriv(CIPHER, secret.bytes(), bytes.subarray(0, NONCE), { authTagLength: TAG })
  decipher.setAAD(boundTo(id, kid))
  decipher.setAuthTag(bytes.subarray(-TAG))
  let body: unknown
  try {
    body = JSON.parse(Buffer.concat([decipher.update(bytes.subarray(NONCE, -TAG)), decipher.final()]).toString())
  } catch {
    throw unreadable(`not sealed by the secret ${kid}, or changed since`)
  }
  return { state: readBody(id, body, known), kid }
}

function unreadable(why: string): KeyDocumentError {
  return new KeyDocumentError('key_document_unreadable', why)
}

function boundTo(id: string, kid: string): Buffer {
  return Buffer.from(JSON.stringify(['wardstone:keys', VERSION, id, kid]))
}

function readEnvelope(text: string): Envelope {
  if (text.length > MAX_LENGTH) throw unreadable('too long')
  let envelope: unknown
  try {
    envelope = JSON.parse(text)
  } catch {
    throw unreadable('no JSON')
  }
  const { v, id, kid, sealed } = (envelope ?? {}) as Partial<Record<keyof Envelope, unknown>>
  if (v !== VERSION) throw unreadable(typeof v === 'number' && v > VERSION ? 'written by a later release' : 'no sealed key set')
  // Named in errors and events: no more than what ids are made of.
  if (!isWord(id) || !isWord(kid) || typeof sealed !== 'string') throw unreadable('no sealed key set')
  return { v, id, kid, sealed }
}

/** What was sealed by us was written by us; a mistake of ours must still not get in as half a set. */
function readBody(id: string, body: unknown, known: readonly SharedKey[]): SharedState {
  const { bornAt, revision, keys, banned } = (body ?? {}) as Partial<Record<keyof SharedState, unknown>>
  if (!isCount(bornAt) || !isCount(revision) || !Array.isArray(keys) || !Array.isArray(banned)) throw unreadable('incomplete')
  if (keys.length === 0 || keys.length > MAX_KEYS) throw unreadable(`expected 1 to ${MAX_KEYS} keys`)
  const read = keys.map((key) => readKey(key, known))
  if (new Set(read.map(({ kid }) => kid)).size < read.length) throw unreadable('a key twice')
  return { id, bornAt, revision, keys: read, banned: banned.map(readBan) }
}

function readKey(given: unknown, known: readonly SharedKey[]): SharedKey {
  const { kid, alg, createdAt, activateAt, tokenTtlMs, pkcs8 } = (given ?? {}) as Record<string, unknown>
  if (!isCount(createdAt) || !isCount(activateAt) || !isCount(tokenTtlMs) || !isAlgorithm(alg))
    throw unreadable('a key of another kind')
  const same = known.find((key) => key.kid === kid)
  if (same !== undefined) return { ...same, createdAt, activateAt, tokenTtlMs }
  const key = readPrivateKey(pkcs8, (privateKey) => sharedKey(alg, privateKey, createdAt, activateAt, tokenTtlMs))
  if (key.kid !== kid) throw unreadable('a key with the id of another')
  return key
}

function readPrivateKey<K>(pkcs8: unknown, use: (key: KeyObject) => K): K {
  try {
    return use(createPrivateKey({ key: Buffer.from(String(pkcs8), 'base64url'), type: 'pkcs8', format: 'der' }))
  } catch {
    throw unreadable('a key that is none of its kind')
  }
}

function readBan(given: unknown): { readonly kid: string; readonly at: number } {
  const { kid, at } = (given ?? {}) as Record<string, unknown>
  if (!isWord(kid) || !isCount(at)) throw unreadable('a banned key without an id')
  return { kid, at }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function isWord(value: unknown): value is string {
  return typeof value === 'string' && /^[\w.~-]{1,64}$/.test(value)
}

function isAlgorithm(value: unknown): value is AsymmetricAlgorithm {
  return ALGORITHMS.includes(value)
}
