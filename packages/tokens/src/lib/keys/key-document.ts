import { randomUUID } from 'node:crypto'
import { readOptions, type Now } from '@wardstone/core'

/** What a place for a key set holds at a moment. */
export interface KeyDocumentState {
  /** The clock of the place, in milliseconds since the Unix epoch: all nodes go by it, and not by their own. */
  readonly now: number
  /** `undefined` if there is nothing. */
  readonly stored?: { readonly version: string; readonly text: string } | undefined
}

/**
 * A place for one text that all nodes read and write: the port of {@link createSharedKeySet}. The text is sealed; whoever has the
 * place alone learns nothing from it.
 *
 * @see {@link memoryKeyDocument} {@link fileKeyDocument}
 */
export interface KeyDocument {
  /** What is there now, read where it is written: never from a copy that lags behind. */
  read(): Promise<KeyDocumentState>
  /**
   * Puts a text there in one step, if what is there is still the version that was read. Left out where nodes only read.
   *
   * @param expected - the version that was read; `undefined` if there was nothing
   * @param notAfter - by the clock of the place: what arrives later must not be written, since its times would be over
   * @returns whether it was written. Every text that is written gets a version that none had before.
   */
  write?(expected: string | undefined, text: string, notAfter: number): Promise<boolean>
}

/** A {@link KeyDocument} that can be written. */
export type WritableKeyDocument = KeyDocument & Required<Pick<KeyDocument, 'write'>>

/** Options of {@link memoryKeyDocument}. */
export interface MemoryKeyDocumentOptions {
  /** Its clock. Default: the system's. */
  readonly now?: Now | undefined
}

/**
 * A place for a key set in this process, which several sets share: for tests of what several nodes do.
 *
 * @throws {@link ConfigurationError} `invalid_options`
 *
 * @example
 * ```ts
 * import { generateSecret, secretRing } from '@wardstone/core'
 * import { createSharedKeySet, memoryKeyDocument } from '@wardstone/tokens'
 *
 * const options = { document: memoryKeyDocument(), ring: secretRing({ current: generateSecret() }) }
 * export const nodes = [await createSharedKeySet(options), await createSharedKeySet(options)]
 * ```
 */
export function memoryKeyDocument(options: MemoryKeyDocumentOptions = {}): WritableKeyDocument {
  const now = readOptions('memoryKeyDocument', options, (o) => o.callback<Now | undefined>('now') ?? Date.now)
  let stored: { readonly version: string; readonly text: string } | undefined
  return {
    read: async () => ({ now: now(), stored }),
    async write(expected, text, notAfter) {
      if (stored?.version !== expected || now() > notAfter) return false
      stored = { version: randomUUID(), text }
      return true
    },
  }
}
