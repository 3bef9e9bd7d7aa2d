/*
 * One function a verb, so that a verb is one statement, and still reads after it has locked: each statement inside sees what was
 * committed by then, where one statement with a lock in it goes on with what it saw before it waited. So does the clock.
 *
 * Whoever changes which sessions a subject has, or its epochs, locks the subject's row first, and its sessions after that. A step
 * of one session writes that session, and waits for nothing else afterwards. So there is no deadlock among them.
 */

/** Of the server's clock and the test's offset; not now(), which is when the transaction began. */
const MICROS = '(extract(epoch from clock_timestamp()) * 1000000)::bigint + a_offset * 1000'

/** Whether the session `f` is alive. */
export const ALIVE = 'f.ended_at is null and f.epoch >= v_epoch and v_now < f.absolute_end and v_now < f.idle_end'

/**
 * The names of all functions, with the types of their arguments. One that changes gets another name: in a deploy, processes of both
 * releases are at work, and either may be the one that migrates last.
 */
export const SIGNATURES = {
  token_v1_create:
    'text, text, bigint, integer, bigint, integer, bigint, bigint, text, bytea, text, text, bigint, bigint, text, text',
  token_v1_rotate:
    'text, text, bigint, integer, bigint, text, bytea, bigint, text, boolean, text, text, bigint, bigint, bigint, bigint, integer',
  token_v1_confirm: 'text, text, bigint, integer, bigint, text, bigint',
  token_v1_end: 'text, text, bigint, integer, bigint, text, text, bytea',
  token_v1_end_others: 'text, text, bigint, integer, bigint, text',
  token_v1_move_epoch: 'text, text, bigint, integer, bigint, boolean',
  token_v1_end_everyone: 'text, bigint, integer, bigint',
} as const

/**
 * What each begins with: whose sessions, the offset of the test's clock, how long a lock is waited for, how long a revocation is
 * remembered.
 */
export const COMMON = 'a_namespace text, a_shard text, a_offset bigint, a_lock_ms integer, a_revocation bigint'

/** A function of PL/pgSQL that answers with JSON, or with null. */
export function define(schema: string, name: keyof typeof SIGNATURES, args: string, variables: string, body: string): string {
  return `
create or replace function ${schema}.${name}(${args})
returns text language plpgsql as $body$
declare
  v_micros bigint; v_now bigint; v_epoch bigint; v_claims bigint; v_setting text; v_answer text;
  ${variables}
begin
  -- Whoever has given up waits no longer, and a connection is free again.
  v_setting := set_config('lock_timeout', a_lock_ms::text, true);
  ${body.trim()}
end
$body$;`.trim()
}

/** The time from here on. */
export const TAKE_TIME = `v_micros := ${MICROS};
  v_now := v_micros / 1000;`

/** The subject's row, locked. Written, too: where transactions are repeatable reads, only that shows that somebody was here. */
export const lockSubject = (schema: string): string => `
  insert into ${schema}.token_subject as s (namespace, shard, touched_at) values (a_namespace, a_shard, (${MICROS}) / 1000)
    on conflict (namespace, shard) do update set touched_at = greatest(s.touched_at, excluded.touched_at)
    returning s.epoch, s.claims_epoch into v_own, v_claims;
  ${TAKE_TIME}
  v_epoch := greatest(v_own, (select e.epoch from ${schema}.token_everyone e where e.namespace = a_namespace));`

/** The subject's epochs as they are committed, unlocked. */
export const readEpochs = (schema: string): string => `
  select greatest(s.epoch, e.epoch, 0), coalesce(s.claims_epoch, 0) into v_epoch, v_claims from (values (1)) one
    left join ${schema}.token_subject s on s.namespace = a_namespace and s.shard = a_shard
    left join ${schema}.token_everyone e on e.namespace = a_namespace;`

/** Notes that a session is over, for the feed. */
export const noteEnd = (schema: string, sid: string): string =>
  `insert into ${schema}.token_revocation (namespace, kind, name, epoch, claims_epoch, until)
    values (a_namespace, 'session', ${sid}, 0, 0, v_now + a_revocation)`
