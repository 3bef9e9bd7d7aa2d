import { createHash, randomUUID } from 'node:crypto'
import { open, readFile, rename, unlink } from 'node:fs/promises'
import { readOptions, type Now } from '@wardstone/core'
import type { KeyDocument, WritableKeyDocument } from './key-document.ts'

/** Options of {@link fileKeyDocument}. */
export interface FileKeyDocumentOptions {
  /**
   * Whether the file may be written: for the one job that rotates, which has it to itself. Services only read it. Default `false`.
   */
  readonly writable?: boolean | undefined
  /** A clock for tests. Default: the system's. A file has none of its own, so the clocks of the nodes have to agree within `skew`. */
  readonly now?: Now | undefined
}

/**
 * Keys in a file that is mounted for all nodes, such as a secret of Kubernetes. Services read it and follow its changes within `poll`, a
 * job or an operator makes them: `createSharedKeySet({ document: fileKeyDocument(path, { writable: true }), … })`, `tick()`, `close()`.
 * A new file replaces the old one in one step (`rename`), with mode 0600.
 *
 * @throws {@link ConfigurationError} `invalid_options`
 *
 * @example
 * ```ts
 * import { fileKeyDocument } from '@wardstone/tokens'
 *
 * export const document = fileKeyDocument('/run/secrets/keys.json')
 * ```
 */
export function fileKeyDocument(path: string, options: FileKeyDocumentOptions & { readonly writable: true }): WritableKeyDocument
export function fileKeyDocument(path: string, options?: FileKeyDocumentOptions): KeyDocument
export function fileKeyDocument(path: string, options: FileKeyDocumentOptions = {}): KeyDocument {
  const settings = readOptions('fileKeyDocument', { ...options, path }, (o) => ({
    path: o.text('path'),
    writable: o.oneOf('writable', [false, true], false),
    now: o.callback<Now | undefined>('now') ?? Date.now,
  }))
  const read = async () => ({ now: settings.now(), stored: await readStored(settings.path) })
  if (!settings.writable) return { read }
  return {
    read,
    async write(expected, text, notAfter) {
      const next = `${settings.path}.${randomUUID()}`
      try {
        const file = await open(next, 'wx', 0o600)
        try {
          await file.writeFile(text)
          await file.sync() // or a crash may leave the new name with nothing in it
        } finally {
          await file.close()
        }
        if ((await readStored(settings.path))?.version !== expected || settings.now() > notAfter) return false
        await rename(next, settings.path)
        return true
      } finally {
        await unlink(next).catch(() => {}) // renamed, it has another name
      }
    },
  }
}

async function readStored(path: string): Promise<{ readonly version: string; readonly text: string } | undefined> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  return { version: createHash('sha256').update(text).digest('base64url'), text }
}
