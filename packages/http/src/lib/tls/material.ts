import { createHash, createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto'
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls'
import type { OptionProblem } from '@wardstone/core'
import type { Pems, Unreadable } from './source.ts'

/** What TLS is spoken with: what `createSecureContext` takes. */
type ContextOptions = Pick<SecureContextOptions, 'ca' | 'cert' | 'ciphers' | 'honorCipherOrder' | 'key' | 'minVersion'>

/** A certificate that was found good, with its key. */
export interface Material {
  /** Tells one from another. */
  readonly digest: string
  readonly options: ContextOptions
  /** The same, compiled: for connections to others. */
  readonly context: SecureContext
  readonly fingerprint256: string
  readonly expiresAt: number
}

export type MinVersion = 'TLSv1.3' | 'TLSv1.2'

/** What a moment makes of what was read. */
export type Checked = { readonly material: Material } | { readonly problems: readonly OptionProblem[] }

/**
 * For those who must still speak TLS 1.2: forward secrecy and authenticated encryption, or nothing.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9325#section-4.2 | RFC 9325 section 4.2}
 */
const CIPHERS = [
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'TLS_AES_128_GCM_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':')

/** One text for all that was read, by which a change is noticed. */
export function digestOf({ cert, key, ca }: Pems): string {
  const hash = createHash('sha256')
  for (const part of [cert, key, ...ca]) {
    const bytes = Buffer.isBuffer(part) ? part : Buffer.from(part.code)
    hash.update(`${Buffer.isBuffer(part) ? 'file' : 'error'} ${bytes.length} `).update(bytes)
  }
  return hash.digest('base64url')
}

/** Judges what was read as a whole, before any of it is served. */
export function check(pems: Pems, minVersion: MinVersion, now: number): Checked {
  const problems: OptionProblem[] = []
  const say: Say = (option, expected) => void problems.push({ option, expected })
  const chain = certificatesOf('cert', pems.cert, say)
  for (const ca of pems.ca) certificatesOf('ca', ca, say)
  const key = keyOf(pems.key, say)
  const leaf = chain?.[0]
  if (leaf !== undefined) {
    if (now >= leaf.validToDate.getTime()) say('cert', 'it has expired')
    if (now < leaf.validFromDate.getTime()) say('cert', 'it is not valid yet; is the clock right?')
    if (key !== undefined && !leaf.checkPrivateKey(key))
      say('key', 'it belongs to another certificate; the first in the file counts')
  }
  if (leaf === undefined || problems.length > 0) return { problems }
  const options: ContextOptions = {
    cert: pems.cert as Buffer,
    key: [unprintable(pems.key as Buffer)],
    ...(pems.ca.length > 0 && { ca: pems.ca as Buffer[] }),
    minVersion,
    ...(minVersion === 'TLSv1.2' && { ciphers: CIPHERS, honorCipherOrder: true }),
  }
  try {
    const context = createSecureContext(options)
    const { fingerprint256, validToDate } = leaf
    return { material: { digest: digestOf(pems), options, context, fingerprint256, expiresAt: validToDate.getTime() } }
  } catch (error) {
    // A key that is too short, for one. What OpenSSL says beside the code is not ours to repeat.
    return { problems: [{ option: 'cert', expected: `TLS cannot be spoken with it (${codeOf(error)})` }] }
  }
}

type Say = (option: string, expected: string) => undefined

const BLOCK = /-----BEGIN CERTIFICATE-----[\w+/=\s]+-----END CERTIFICATE-----/g

/** All certificates of a file, or `undefined` when one is wrong or half there. */
function certificatesOf(option: string, pem: Buffer | Unreadable, say: Say): X509Certificate[] | undefined {
  if (!Buffer.isBuffer(pem)) return say(option, `it cannot be read (${pem.code})`)
  const text = pem.toString('latin1')
  const blocks = text.match(BLOCK) ?? []
  // Of authorities, OpenSSL takes what is whole and leaves the rest: a file that is half written is a shorter list.
  if (blocks.length === 0 || blocks.length !== text.split('-----BEGIN ').length - 1)
    return say(option, 'expected certificates in PEM, whole, and nothing else')
  try {
    return blocks.map((block) => new X509Certificate(block))
  } catch {
    return say(option, 'one of its certificates cannot be read')
  }
}

function keyOf(pem: Buffer | Unreadable, say: Say): KeyObject | undefined {
  if (!Buffer.isBuffer(pem)) return say('key', `it cannot be read (${pem.code})`)
  try {
    return createPrivateKey(pem)
  } catch {
    return say('key', 'expected a private key in PEM, without a passphrase')
  }
}

/** Node keeps the options of a server on it, for whoever prints the server: the key is there, and is not shown. */
function unprintable(pem: Buffer): { readonly pem: Buffer } {
  return Object.defineProperty({} as { readonly pem: Buffer }, 'pem', { value: pem })
}

function codeOf(error: unknown): string {
  const { code } = (error ?? {}) as { readonly code?: unknown }
  return typeof code === 'string' ? code : 'unknown error'
}
