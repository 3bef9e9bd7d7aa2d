import { emitter, isProduction, readOptions, type Duration, type EventSink, type Now, type SecretRing } from '@wardstone/core'
import { isObjectWith } from '../access/verifier.ts'
import type { KeyEvent } from '../events.ts'
import type { KeyDocument } from './key-document.ts'
import { KeyDocumentError } from './key-document-error.ts'
import type { KeyDocumentEvent } from './key-document-events.ts'
import { generate, privateKeyOf } from './private-key.ts'
import { CALL_MS } from './replica.ts'
import { readInitial, readRotation, type RotationOptions } from './rotation-options.ts'
import type { SharedKeySet } from './shared-key-set.ts'
import { SharedKeys } from './shared-keys.ts'
import type { KeyInput } from './verification-key.ts'

/** Options of {@link createSharedKeySet}. */
export interface SharedKeySetOptions extends RotationOptions {
  /** Where the keys are kept: `redisKeyDocument`, `postgresKeyDocument`, {@link fileKeyDocument}, or one of your own. */
  readonly document: KeyDocument
  /** What the keys are sealed with where they are kept. Its own purpose is derived from it: `keys`. */
  readonly ring: SecretRing
  /**
   * Whether this node makes the first key where there is none. Default `true`, in production `false`: a store that came back empty after a loss
   * is filled again by the nodes that have the keys, and a node that starts in that moment must not begin anew.
   */
  readonly bootstrap?: boolean | undefined
  /** A private key for that, instead of a new one: how to move here from `createKeySet({ initial })` without a refused token. */
  readonly initial?: KeyInput | undefined
  /** How long a key signs before the next one takes over. Default 90 days. */
  readonly rotateEvery?: Duration | 'never' | undefined
  /**
   * How often the document is read: so soon other nodes follow an emergency removal. Default a tenth of `jwksMaxAge`, at least 1 second and
   * at most 30 seconds.
   */
  readonly poll?: Duration | undefined
  /** A clock for tests, of which only the progress counts: the time is the document's. Default: one that nobody sets back. */
  readonly now?: Now | undefined
  readonly events?: EventSink<KeyEvent | KeyDocumentEvent> | undefined
}

/**
 * Makes a set of signing keys for several nodes, without a leader: all that they share is one sealed text in a store, which each of them changes only
 * if nobody else has changed it since. Times are taken from the store. A key signs when the last node has read it, and the last cache after that
 * has expired; the one before it goes on verifying until its last token, made by the last node, has.
 *
 * @throws {@link ConfigurationError} `invalid_options`
 * @throws {@link KeyDocumentError} `key_document_empty`, `key_document_unreadable`, `key_document_silent`, `key_document_contended`; and whatever
 *   the document throws: a node cannot start without having read the keys once
 * @see {@link https://www.rfc-editor.org/rfc/rfc7517 | RFC 7517}
 *
 * @example
 * ```ts
 * import { secret, secretRing } from '@wardstone/core'
 * import { createSharedKeySet, fileKeyDocument } from '@wardstone/tokens'
 *
 * export const keys = await createSharedKeySet({
 *   document: fileKeyDocument('/run/secrets/keys.json'),
 *   ring: secretRing({ current: secret(process.env['KEYS_SECRET']) }),
 *   algorithm: 'ES256',
 * })
 * ```
 */
export async function createSharedKeySet(options: SharedKeySetOptions): Promise<SharedKeySet> {
  const settings = readOptions('createSharedKeySet', options, (o) => {
    const expected = 'expected redisKeyDocument(), postgresKeyDocument(), fileKeyDocument() or memoryKeyDocument()'
    const document = o.value<KeyDocument>('document', expected, (v) => isObjectWith(v, 'read'))
    if (document === undefined) o.problem('document', `required; ${expected}`)
    const ringExpected = 'expected secretRing({ current: secret(…) }); never a text'
    const ring = o.value<SecretRing>('ring', ringExpected, (v) => isObjectWith(v, 'derive'))
    if (ring === undefined) o.problem('ring', `required; ${ringExpected}`)
    let pollMs = 0
    const rotation = readRotation(o, '90d', (jwksMaxAgeMs) => {
      pollMs = o.duration('poll', Math.min(30_000, Math.max(1_000, Math.floor(jwksMaxAgeMs / 10))))
      if (pollMs < 100 || pollMs > 600_000) o.problem('poll', 'expected 100ms to 10m')
      // One reading may fail without anybody noticing; and what is written may be a while on its way.
      return 2 * pollMs + CALL_MS
    })
    return {
      document: document as KeyDocument,
      ring: ring as SecretRing,
      bootstrap: o.oneOf('bootstrap', [false, true], !isProduction()),
      initial: readInitial(o, options),
      rotation,
      pollMs,
      elapsed: o.callback<Now | undefined>('now') ?? (() => performance.now()),
      events: o.callback<EventSink<KeyEvent | KeyDocumentEvent> | undefined>('events'),
    }
  })
  const { bootstrap, document, initial, rotation } = settings
  return SharedKeys.open({
    ...settings,
    ring: settings.ring.derive('keys'),
    emit: emitter(settings.events),
    async first() {
      if (!bootstrap || document.write === undefined) throw new KeyDocumentError('key_document_empty')
      return initial === undefined ? generate(rotation.algorithm) : privateKeyOf(initial, rotation.algorithm)
    },
  })
}
