import type { Database } from './database.ts'
import { whole } from './record.ts'

/** What {@link PostgresSessionStore.cleanup} did. */
export interface Cleaned {
  /** How many sessions, subjects and revocations were removed. */
  readonly removed: number
  /** Whether it has come around: everything has been looked at since the last time that this was `true`. */
  readonly complete: boolean
}

/** How long things are kept after they have ended, in milliseconds. */
interface Keeping {
  readonly namespace: string
  readonly revocationMs: number
}

/**
 * Removes what has been over for long. It walks along the primary keys, a stretch at each call, since an index by the end of
 * sessions would make every refresh dearer. What somebody has locked is left for the next round.
 */
export class Sweeper {
  readonly #database: Database
  readonly #offset: () => number
  readonly #texts: { readonly families: string; readonly subjects: string; readonly revocations: string }
  /** How far this round has come with each. */
  #at: { family: string | null; subject: string | null } = { ...BEGIN }

  constructor(database: Database, schema: string, offset: () => number) {
    this.#database = database
    this.#offset = offset
    this.#texts = textsOf(schema)
  }

  async sweep({ namespace, revocationMs }: Keeping, batch: number): Promise<Cleaned> {
    const common = [namespace, batch, Math.round(this.#offset()), revocationMs]
    const at = this.#at
    let removed = 0
    const look = async (text: string, from?: string): Promise<string | null> => {
      const [row] = await this.#database.query('cleanup', text, from === undefined ? common : [...common, from])
      removed += whole(row?.['removed'])
      return (row?.['last'] ?? null) as string | null
    }
    if (at.family !== null) at.family = await look(this.#texts.families, at.family)
    // Sessions first: a subject is forgotten when it has none.
    else if (at.subject !== null) at.subject = await look(this.#texts.subjects, at.subject)
    // Each time: they come and go faster than anybody walks around.
    const rest = await look(this.#texts.revocations)
    const complete = at.family === null && at.subject === null && rest === null
    if (complete) this.#at = { ...BEGIN }
    return { removed, complete }
  }
}

const BEGIN = { family: '', subject: '' }

function textsOf(schema: string): { families: string; subjects: string; revocations: string } {
  const now = '(select trunc(extract(epoch from clock_timestamp()) * 1000)::bigint + $3::bigint)'
  /** `last` is where to go on, or null at the end. */
  const result = (key: string): string => `
    select (select case when count(*) < $2::bigint then null else max(${key}) end from page) as last, (select count(*) from gone) as removed`
  return {
    families: `
    with page as materialized (
      select f.sid from ${schema}.token_family f where f.namespace = $1 and f.sid > $5 order by f.sid limit $2
    ), over as (
      select f.sid from ${schema}.token_family f join page p on p.sid = f.sid
        where f.namespace = $1 and least(f.ended_at, f.idle_end, f.absolute_end) + $4::bigint <= ${now} for update of f skip locked
    ), gone as (
      delete from ${schema}.token_family f using over o where f.namespace = $1 and f.sid = o.sid returning 1
    ) ${result('sid')}`,
    // Its epochs are remembered for as long as there is a session that could be measured by them, and three lives of an access
    // token.
    subjects: `
    with page as materialized (
      select s.shard from ${schema}.token_subject s where s.namespace = $1 and s.shard > $5 order by s.shard limit $2
    ), over as (
      select s.shard from ${schema}.token_subject s join page p on p.shard = s.shard
        where s.namespace = $1 and s.touched_at + 3 * $4::bigint <= ${now} and greatest(s.epoch, s.claims_epoch) / 1000 + 3 * $4::bigint <= ${now}
          and not exists (select from ${schema}.token_family f where f.namespace = $1 and f.shard = s.shard)
        for update of s skip locked
    ), gone as (
      delete from ${schema}.token_subject s using over o where s.namespace = $1 and s.shard = o.shard returning 1
    ) ${result('shard')}`,
    // The first to be written are the first to go, so these are always at the beginning.
    revocations: `
    with page as materialized (
      select r.xid, r.id, r.until from ${schema}.token_revocation r where r.namespace = $1 order by r.xid, r.id limit $2
    ), gone as (
      delete from ${schema}.token_revocation r using page p
        where r.namespace = $1 and r.xid = p.xid and r.id = p.id and p.until + $4::bigint <= ${now} returning 1
    ) select (select count(*) from gone) as removed, case when (select count(*) from gone) < $2::bigint then null else '' end as last`,
  }
}
