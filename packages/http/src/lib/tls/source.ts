import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'

/**
 * Where something in PEM comes from: the path of a file, which is read again when it changes; the text itself; or anything with
 * `bytes()`, such as a secret, which is asked again each time.
 */
export type PemSource = string | Uint8Array | { bytes(): Uint8Array }

/** What was read of each option. An error stands for what could not be read, by its code. */
export interface Pems {
  readonly cert: Buffer | Unreadable
  readonly key: Buffer | Unreadable
  readonly ca: ReadonlyArray<Buffer | Unreadable>
}

/** The same before it is read. */
export interface PemSources {
  readonly cert: PemSource
  readonly key: PemSource
  readonly ca: readonly PemSource[]
}

/** A source that could not be read. */
export interface Unreadable {
  readonly code: string
}

/** Whether a value can be read at all. */
export function isPemSource(value: unknown): value is PemSource {
  if (typeof value === 'string') return value !== ''
  if (value instanceof Uint8Array) return value.length > 0
  return typeof value === 'object' && value !== null && typeof (value as { readonly bytes?: unknown }).bytes === 'function'
}

/** Reads all at once, at the start: who cannot read a certificate must not listen. */
export function readPemsSync({ cert, key, ca }: PemSources): Pems {
  return { cert: readSync(cert), key: readSync(key), ca: ca.map(readSync) }
}

/** Reads all at once, while serving. Never rejects. */
export async function readPems(sources: PemSources): Promise<Pems> {
  const [cert, key, ...ca] = await Promise.all([sources.cert, sources.key, ...sources.ca].map(read))
  return { cert: cert as Buffer, key: key as Buffer, ca }
}

function readSync(source: PemSource): Buffer | Unreadable {
  try {
    return isPath(source) ? readFileSync(source) : bytesOf(source)
  } catch (error) {
    return unreadable(error)
  }
}

async function read(source: PemSource): Promise<Buffer | Unreadable> {
  try {
    return isPath(source) ? await readFile(source) : bytesOf(source)
  } catch (error) {
    return unreadable(error)
  }
}

function isPath(source: PemSource): source is string {
  return typeof source === 'string' && !source.includes('-----BEGIN ')
}

function bytesOf(source: PemSource): Buffer {
  return Buffer.from(typeof source === 'string' || source instanceof Uint8Array ? source : source.bytes())
}

/** The code alone: the message of a secret's provider may say anything. */
function unreadable(error: unknown): Unreadable {
  const { code } = (error ?? {}) as { readonly code?: unknown }
  return { code: typeof code === 'string' && /^\w{1,60}$/.test(code) ? code : 'unknown error' }
}
