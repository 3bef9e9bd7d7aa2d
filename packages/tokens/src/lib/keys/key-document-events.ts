import type { SecurityEvent } from '@wardstone/core'

/**
 * What happens to the place of a shared key set. `why` is a code or a sentence of ours.
 *
 * - `key_document_unreachable`: The place of the keys did not answer; this node goes on with the keys that it has. Once until it answers again.
 * - `key_document_rejected`: The stored keys cannot be read; this node goes on with those that it has. Once until they can be read again.
 * - `key_document_restored`: Keys were missing from the store, after a loss or a failover: this node put them back.
 * - `key_set_stale`: This node has not read the keys for so long that others may sign with a key that it does not know. Once until it reads again.
 */
export type KeyDocumentEvent = SecurityEvent<
  'key_document_unreachable' | 'key_document_rejected' | 'key_document_restored' | 'key_set_stale',
  { readonly why: string }
>
