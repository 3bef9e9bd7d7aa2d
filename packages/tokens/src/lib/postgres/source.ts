import type { RevocationBatch, RevocationSource } from '../sessions/followed-feed.ts'
import type { Revocation } from '../sessions/revocation.ts'
import type { Database, Row } from './database.ts'
import { whole } from './record.ts'

const PAGE = 1_000

/**
 * Reads the revocations of an issuer; it never writes.
 *
 * The cursor is the server's start and the oldest transaction that was still running when it was read. What was written by that
 * one or a later one is read again: whatever committed in the meantime is among it, in whatever order, however long its commit
 * took. After a restart, and on a server that has taken over, numbers of transactions may be others, so everything is read.
 */
export class PostgresSource implements RevocationSource {
  readonly #database: Database
  readonly #namespace: string
  readonly #offset: () => number
  readonly #text: string

  constructor(database: Database, schema: string, namespace: string, offset: () => number) {
    this.#database = database
    this.#namespace = namespace
    this.#offset = offset
    this.#text = `
      with here as (
        select pg_snapshot_xmin(pg_current_snapshot()) as oldest, (extract(epoch from pg_postmaster_start_time()) * 1000000)::bigint as started,
          trunc(extract(epoch from clock_timestamp()) * 1000)::bigint + $2::bigint as now
      )
      select here.oldest::text as oldest, here.started::text as started, r.*
        from here left join lateral (
          select r.xid::text as xid, r.id, r.kind, r.name, r.epoch, r.claims_epoch, r.until from ${schema}.token_revocation r
            where r.namespace = $1 and r.until > here.now
              and (r.xid, r.id) > (case when here.started::text = $3::text then $4::text::xid8 else '0'::xid8 end, $5::bigint)
            order by r.xid, r.id limit ${PAGE}
        ) r on true`
  }

  async read(cursor: string | undefined): Promise<RevocationBatch> {
    const [before = '', oldest = '0'] = cursor?.split(' ') ?? []
    const revocations: Revocation[] = []
    let [started, xid, id] = [before, oldest, 0]
    let next: string | undefined
    for (;;) {
      const params = [this.#namespace, Math.round(this.#offset()), started, xid, id]
      const rows = await this.#database.query('read', this.#text, params)
      const [first, last] = [rows[0] as Row, rows.at(-1) as Row]
      // What the first page did not see yet may stand before the second: the next reading begins where this one began.
      next ??= `${String(first['started'])} ${String(first['oldest'])}`
      for (const row of rows) {
        const revocation = readEntry(row)
        if (revocation !== undefined) revocations.push(revocation)
      }
      if (rows.length < PAGE) return { revocations, cursor: next, complete: true }
      ;[started, xid, id] = [String(first['started']), String(last['xid']), whole(last['id'])]
    }
  }
}

/** What a later version writes is left alone. */
function readEntry(row: Row): Revocation | undefined {
  const name = String(row['name'])
  if (row['kind'] === 'session') return { kind: 'session', sid: name, until: whole(row['until']) }
  if (row['kind'] === 'everyone') return { kind: 'everyone', epoch: whole(row['epoch']) }
  if (row['kind'] !== 'subject') return undefined
  const [epoch, claimsEpoch, until] = [whole(row['epoch']), whole(row['claims_epoch']), whole(row['until'])]
  return { kind: 'subject', shard: name, epoch, claimsEpoch, until }
}
