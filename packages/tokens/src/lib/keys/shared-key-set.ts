import type { KeySet } from './key-set.ts'

/** What a {@link SharedKeySet} knows of itself. */
export interface SharedKeySetStats {
  /** How old what this node knows of the others is, in milliseconds. A little more than `poll` at most, while all is well. */
  readonly staleness: number
  /**
   * Whether that is so old that others may sign with a key that this node does not know, or no longer accept the one that it signs with. Take it
   * out of service, if others are in service and have rotated.
   */
  readonly stale: boolean
  /** The id of the ring's secret that the stored keys are sealed with. Any other may leave the ring, once all nodes say the same. */
  readonly sealedBy: string | undefined
  /** How often the stored keys were changed. */
  readonly revision: number
  /** When the next key is to be made, in milliseconds since the Unix epoch; past while it cannot be. */
  readonly rotationDueAt: number
}

/** A set of signing keys that any number of nodes share. */
export interface SharedKeySet extends KeySet {
  /**
   * Publishes the next key now: it is stored for all nodes when this resolves.
   *
   * @throws {@link KeyDocumentError} `key_document_read_only`, `key_document_silent`, `key_document_contended`, `key_document_unreadable`,
   *   and whatever the document throws; the keys are as they were, unless it was the answer that got lost
   */
  rotate: KeySet['rotate']
  /**
   * For a key that leaked. Here it verifies nothing from this call on, on other nodes from their next reading on, within `poll`. It is remembered, so
   * that no older copy of the keys brings it back.
   *
   * @throws as {@link rotate}; here it is gone nonetheless, and is taken from the others as soon as the document can be written
   */
  remove: KeySet['remove']
  /**
   * Reads the keys, and does what is due: makes the next one, seals them with the ring's current secret, puts back what the store has lost. A
   * timer does so every `poll`; call it where timers stand still, as between the calls of a serverless function.
   *
   * @throws as {@link rotate}, but not for a document that is only read
   */
  tick: KeySet['tick']
  stats(): SharedKeySetStats
  /** Ends the reading. The document and its connection are yours. */
  close(): void
}
