import { WardstoneError } from '@wardstone/core'

/**
 * Why a key set could not use the place of its keys.
 *
 * - `key_document_empty`: There are no keys yet, and this node may not make the first one: see `bootstrap`.
 * - `key_document_unreadable`: What is there is no sealed key set, or none that this node has the secret or the release for. It is left as it is.
 * - `key_document_read_only`: The keys are changed elsewhere: this node only reads them.
 * - `key_document_silent`: The place of the keys did not answer in time.
 * - `key_document_contended`: Others changed the keys at every try.
 */
export type KeyDocumentErrorCode =
  | 'key_document_empty'
  | 'key_document_unreadable'
  | 'key_document_read_only'
  | 'key_document_silent'
  | 'key_document_contended'

const MESSAGES: Readonly<Record<KeyDocumentErrorCode, string>> = {
  key_document_empty:
    'there are no keys, and this node may not make the first one; pass bootstrap: true where there never were any',
  key_document_unreadable: 'the stored keys cannot be read',
  key_document_read_only: 'this node only reads the keys; they are changed where they come from',
  key_document_silent: 'the place of the keys did not answer in time',
  key_document_contended: 'others changed the keys at every try',
}

/** What may pass by itself: another node fills the place, or it answers again. */
const PASSING: ReadonlySet<KeyDocumentErrorCode> = new Set([
  'key_document_empty',
  'key_document_silent',
  'key_document_contended',
])

/** A key set could not be read or changed where it is kept. Names the reason, never a part of what is kept there. */
export class KeyDocumentError extends WardstoneError<KeyDocumentErrorCode> {
  readonly code: KeyDocumentErrorCode

  constructor(code: KeyDocumentErrorCode, detail?: string) {
    super(detail === undefined ? MESSAGES[code] : `${MESSAGES[code]}: ${detail}`, { retryable: PASSING.has(code) })
    this.code = code
  }
}
