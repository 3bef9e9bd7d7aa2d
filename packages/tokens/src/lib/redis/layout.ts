import { keySpace } from '@wardstone/redis'

/** Keys of one bucket. Every script gets them in this order, the subject's before them. */
interface Bucket {
  /** What the keys of its subjects begin with. */
  readonly subjects: string
  readonly everyone: string
  readonly highest: string
  readonly stream: string
}

/**
 * Where things lie. Subjects are spread over buckets by their shard; all keys of a bucket share a slot, so that a session and the note
 * of its end are written in one step.
 */
export class Layout {
  /** On it readers of the streams are told that there is something new. */
  readonly channel: string
  /** Written once: the checks of a key space at every call would cost as much as the rest of it. */
  readonly #buckets: readonly Bucket[]

  constructor(namespace: string, buckets: number) {
    const keys = keySpace('tokens', namespace)
    this.channel = `${keys.prefix}revoked`
    this.#buckets = Array.from({ length: buckets }, (_, i) => {
      const name = `b${i}`
      return {
        subjects: `${keys.key(name, 's')}:`,
        everyone: keys.key(name, 'everyone'),
        highest: keys.key(name, 'highest'),
        stream: keys.key(name, 'revoked'),
      }
    })
  }

  /** The streams of all buckets. */
  get streams(): readonly string[] {
    return this.#buckets.map(({ stream }) => stream)
  }

  /** Of every script: the subject, everyone's epoch, the highest epoch, the stream. */
  keysOf(shard: string): readonly string[] {
    const bucket = this.#buckets[Buffer.from(shard, 'base64url').readUInt32BE(0) % this.#buckets.length] as Bucket
    return keysIn(bucket, shard)
  }

  /** The same for scripts that are about no subject, bucket by bucket. */
  get keysOfAll(): ReadonlyArray<readonly string[]> {
    return this.#buckets.map((bucket) => keysIn(bucket, '-'))
  }
}

function keysIn({ subjects, everyone, highest, stream }: Bucket, shard: string): readonly string[] {
  return [subjects + shard, everyone, highest, stream]
}
