/** What is read of a session, in the order in which it is given. */
const FAMILY = [
  'sid',
  'shard',
  'sub',
  'secret_hash',
  'created_at',
  'auth_time',
  'absolute_end',
  'epoch',
  'kid',
  'generation',
  'idle_end',
  'rotated_at',
  'emitted_at',
  'confirmed_at',
  'ever_confirmed',
  'late',
  'late_streak',
  'ip',
  'user_agent',
  'ended_at',
  'ended_reason',
] as const

/** The name of a column of a session. */
export type FamilyColumn = (typeof FAMILY)[number]

/**
 * The session of a row as a JSON array, in the order of {@link FAMILY_COLUMNS}. One text costs both sides half of what columns
 * do, and means the same with every driver and its settings: bigints are not cut, bytes are hex.
 */
export function familyOf(alias: string): string {
  const columns = FAMILY.map((name) => (name === 'secret_hash' ? `encode(${alias}.secret_hash, 'hex')` : `${alias}.${name}`))
  return `json_build_array(${columns.join(', ')})`
}

export const FAMILY_COLUMNS: readonly FamilyColumn[] = FAMILY

/**
 * The tables. Times are milliseconds of the server's clock, epochs microseconds.
 *
 * What a refresh changes is in no index, and pages have room: PostgreSQL then updates a session in place of the same page (HOT).
 * So there is no index by the end of sessions, and who cleans up walks along the primary key.
 *
 * `token_revocation.xid` is the transaction that wrote it. Ids may commit in another order than they were given out; a reader
 * that goes by the oldest transaction that was still running misses none.
 */
export function tables(schema: string): string {
  return `
create table if not exists ${schema}.token_family (
  namespace text collate "C" not null,
  sid text collate "C" not null,
  shard text collate "C" not null,
  sub text not null,
  secret_hash bytea not null,
  created_at bigint not null,
  auth_time bigint not null,
  absolute_end bigint not null,
  epoch bigint not null,
  kid text not null,
  generation bigint not null,
  idle_end bigint not null,
  rotated_at bigint not null,
  emitted_at bigint not null,
  confirmed_at bigint,
  ever_confirmed boolean not null,
  late boolean not null,
  late_streak integer not null,
  ip text,
  user_agent text,
  ended_at bigint,
  ended_reason text,
  primary key (namespace, sid)
) with (fillfactor = 80);
create index if not exists token_family_subject on ${schema}.token_family (namespace, shard);
create table if not exists ${schema}.token_subject (
  namespace text collate "C" not null,
  shard text collate "C" not null,
  epoch bigint not null default 0,
  claims_epoch bigint not null default 0,
  touched_at bigint not null,
  primary key (namespace, shard)
) with (fillfactor = 80);
create index if not exists token_subject_epoch on ${schema}.token_subject (namespace, epoch) where epoch > 0;
create table if not exists ${schema}.token_everyone (
  namespace text collate "C" primary key,
  epoch bigint not null
);
create table if not exists ${schema}.token_revocation (
  namespace text collate "C" not null,
  xid xid8 not null default pg_current_xact_id(),
  id bigint generated always as identity,
  kind text not null,
  name text collate "C" not null,
  epoch bigint not null,
  claims_epoch bigint not null,
  until bigint not null,
  primary key (namespace, xid, id)
);`.trim()
}
