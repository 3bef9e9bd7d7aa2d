import type { Entry, RedisLike } from '@wardstone/redis'
import type { RevocationBatch, RevocationSource } from '../sessions/followed-feed.ts'
import type { Revocation } from '../sessions/revocation.ts'
import type { Layout } from './layout.ts'

const PAGE = 1000
/** A replica that becomes the master may lack the last entries and then get others with lower ids: some are always read again. */
const OVERLAP_MS = 5_000

/** Reads the streams of all buckets; it never writes. The cursor is the last id of each. */
export class RedisSource implements RevocationSource {
  readonly #redis: RedisLike
  readonly #layout: Layout
  readonly #deadlineMs: number

  constructor(redis: RedisLike, layout: Layout, deadlineMs: number) {
    this.#redis = redis
    this.#layout = layout
    this.#deadlineMs = deadlineMs
  }

  async read(cursor: string | undefined): Promise<RevocationBatch> {
    const ids = cursor === undefined ? [] : cursor.split(' ')
    const parts = await Promise.all(this.#layout.streams.map((stream, i) => this.#readOn(stream, ids[i] ?? '0-0')))
    return {
      revocations: parts.flatMap(({ revocations }) => revocations),
      cursor: parts.map(({ last }) => last).join(' '),
      complete: true,
    }
  }

  watch(changed: (gap: boolean) => void): () => void {
    const subscription = this.#redis.subscribe(this.#layout.channel, { message: () => changed(false), gap: () => changed(true) })
    return () => void subscription.then((end) => end()).catch(() => {})
  }

  async #readOn(stream: string, from: string): Promise<{ revocations: readonly Revocation[]; last: string }> {
    const revocations: Revocation[] = []
    let last = from
    let after = earlier(from)
    for (;;) {
      const page = await this.#redis.read(stream, after, PAGE, { deadlineMs: this.#deadlineMs })
      for (const entry of page) {
        const revocation = readEntry(entry)
        if (revocation !== undefined) revocations.push(revocation)
        last = entry.id
      }
      if (page.length < PAGE) return { revocations, last }
      after = last
    }
  }
}

function earlier(id: string): string {
  return `${Math.max(0, Number(id.split('-')[0]) - OVERLAP_MS)}-0`
}

/** `s <sid> <until>`, `u <shard> <epoch> <claims epoch> <until>`, `e <epoch>`. What a later version writes is left alone. */
function readEntry(entry: Entry): Revocation | undefined {
  const [kind, ...words] = entry.fields.get('r')?.toString().split(' ') ?? []
  const [first = '', second, third, fourth] = words
  if (kind === 's') return { kind: 'session', sid: first, until: Number(second) }
  if (kind === 'u')
    return { kind: 'subject', shard: first, epoch: Number(second), claimsEpoch: Number(third), until: Number(fourth) }
  return kind === 'e' ? { kind: 'everyone', epoch: Number(first) } : undefined
}
