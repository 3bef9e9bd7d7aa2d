import { keySpace, type KeySpace } from '@wardstone/redis'

/**
 * Where things lie. Subjects are spread over buckets by their shard; all keys of a bucket share a slot, so that a session and the note
 * of its end are written in one step.
 */
export class Layout {
  /** On it readers of the streams are told that there is something new. */
  readonly channel: string
  readonly #keys: KeySpace
  readonly #buckets: number

  constructor(namespace: string, buckets: number) {
    this.#keys = keySpace('tokens', namespace)
    this.#buckets = buckets
    this.channel = `${this.#keys.prefix}revoked`
  }

  get buckets(): readonly string[] {
    return Array.from({ length: this.#buckets }, (_, i) => `b${i}`)
  }

  bucketOf(shard: string): string {
    return `b${Buffer.from(shard, 'base64url').readUInt32BE(0) % this.#buckets}`
  }

  /** Of every script: the subject, everyone's epoch, the highest epoch, the stream. */
  keysOf(shard: string): readonly string[] {
    return this.keysIn(this.bucketOf(shard), shard)
  }

  /** The same for scripts that are about no subject. */
  keysIn(bucket: string, shard = '-'): readonly string[] {
    return [
      this.#keys.key(bucket, 's', shard),
      this.#keys.key(bucket, 'everyone'),
      this.#keys.key(bucket, 'highest'),
      this.streamOf(bucket),
    ]
  }

  streamOf(bucket: string): string {
    return this.#keys.key(bucket, 'revoked')
  }
}
