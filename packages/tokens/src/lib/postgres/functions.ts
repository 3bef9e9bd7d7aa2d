import { ALIVE, COMMON, define, lockSubject, noteEnd, readEpochs, TAKE_TIME } from './define.ts'
import { rotate } from './rotate.ts'
import { familyOf } from './tables.ts'

/** All functions. */
export function functions(schema: string): string {
  return [create, rotate, confirm, end, endOthers, moveEpoch, endEveryone].map((write) => write(schema)).join('\n')
}

function create(schema: string): string {
  const args = `${COMMON}, a_maximum integer, a_idle bigint, a_absolute bigint, a_sid text, a_hash bytea, a_sub text, a_kid text,
  a_auth_time bigint, a_expected bigint, a_ip text, a_agent text`
  const variables = `v_own bigint; v_rows integer; v_living integer; v_evicted text[] := '{}';`
  const mine = 'f.namespace = a_namespace and f.shard = a_shard'
  return define(
    schema,
    'token_v1_create',
    args,
    variables,
    `${lockSubject(schema)}
  -- Lower is not moved: a subject without sessions is forgotten in time, and starts from zero.
  if a_expected < v_epoch then return null; end if;
  select count(*), count(*) filter (where ${ALIVE}) into v_rows, v_living from ${schema}.token_family f where ${mine};
  if v_rows >= a_maximum then
    -- A refresh that was on the way is waited for: whoever it was is not the least recently used.
    perform 1 from ${schema}.token_family f where ${mine} order by f.sid for update;
    ${TAKE_TIME}
    delete from ${schema}.token_family f where ${mine} and case when f.ended_at is not null then v_now >= f.ended_at + a_revocation
      else v_now >= f.absolute_end or v_now >= f.idle_end end;
    -- A tombstone tells why a session is over. That is worth no more room than the sessions have.
    delete from ${schema}.token_family t where t.namespace = a_namespace and t.sid in (
      select f.sid from ${schema}.token_family f where ${mine} and not (${ALIVE}) order by f.rotated_at desc, f.sid desc offset a_maximum);
    with leaving as (
      select f.sid, row_number() over (order by f.rotated_at desc, f.sid desc) as place from ${schema}.token_family f where ${mine} and ${ALIVE}
    ), gone as (
      update ${schema}.token_family f set ended_at = v_now, ended_reason = 'evicted' from leaving l
        where ${mine} and f.sid = l.sid and l.place >= a_maximum returning f.sid, l.place
    ), noted as (
      insert into ${schema}.token_revocation (namespace, kind, name, epoch, claims_epoch, until)
        select a_namespace, 'session', g.sid, 0, 0, v_now + a_revocation from gone g
    )
    select coalesce(array_agg(g.sid order by g.place desc), '{}') into v_evicted from gone g;
    select count(*) into v_living from ${schema}.token_family f where ${mine} and ${ALIVE};
  end if;
  insert into ${schema}.token_family as f (namespace, sid, shard, sub, secret_hash, created_at, auth_time, absolute_end, epoch, kid,
      generation, idle_end, rotated_at, emitted_at, ever_confirmed, late, late_streak, ip, user_agent)
    values (a_namespace, a_sid, a_shard, a_sub, a_hash, v_now, coalesce(a_auth_time, v_now), v_now + a_absolute, v_epoch, a_kid,
      0, v_now + least(a_idle, a_absolute), v_now, v_now, false, false, 0, a_ip, a_agent)
    returning json_build_array(v_epoch, v_claims, v_living + 1, v_evicted, ${familyOf('f')}) into v_answer;
  return v_answer;`,
  )
}

function confirm(schema: string): string {
  return define(
    schema,
    'token_v1_confirm',
    `${COMMON}, a_sid text, a_generation bigint`,
    '',
    `${readEpochs(schema)}
  ${TAKE_TIME}
  update ${schema}.token_family f set confirmed_at = v_now, ever_confirmed = true where f.namespace = a_namespace and f.sid = a_sid
    and f.shard = a_shard and f.generation = a_generation and f.confirmed_at is null and ${ALIVE};
  return null;`,
  )
}

function end(schema: string): string {
  return define(
    schema,
    'token_v1_end',
    `${COMMON}, a_sid text, a_reason text, a_hash bytea`,
    '',
    `perform 1 from ${schema}.token_family f where f.namespace = a_namespace and f.sid = a_sid and f.shard = a_shard for update;
  ${readEpochs(schema)}
  ${TAKE_TIME}
  update ${schema}.token_family f set ended_at = v_now, ended_reason = a_reason
    where f.namespace = a_namespace and f.sid = a_sid and f.shard = a_shard and ${ALIVE} and (a_hash is null or f.secret_hash = a_hash)
    returning to_json(f.sub) into v_answer;
  if not found then return null; end if;
  ${noteEnd(schema, 'a_sid')};
  return v_answer;`,
  )
}

function endOthers(schema: string): string {
  return define(
    schema,
    'token_v1_end_others',
    `${COMMON}, a_sid text`,
    'v_own bigint;',
    `${lockSubject(schema)}
  perform 1 from ${schema}.token_family f where f.namespace = a_namespace and f.shard = a_shard order by f.sid for update;
  ${TAKE_TIME}
  with gone as (
    update ${schema}.token_family f set ended_at = v_now, ended_reason = 'revoked'
      where f.namespace = a_namespace and f.shard = a_shard and f.sid <> a_sid and ${ALIVE} returning f.sid
  ), noted as (
    insert into ${schema}.token_revocation (namespace, kind, name, epoch, claims_epoch, until)
      select a_namespace, 'session', g.sid, 0, 0, v_now + a_revocation from gone g
  )
  select coalesce(json_agg(g.sid), '[]') into v_answer from gone g;
  return v_answer;`,
  )
}

/** Above the one before, and above any that a copy of this data may have had: a database that lost writes never goes back. */
function moveEpoch(schema: string): string {
  return define(
    schema,
    'token_v1_move_epoch',
    `${COMMON}, a_everything boolean`,
    'v_own bigint;',
    `${lockSubject(schema)}
  if a_everything then
    v_own := greatest(v_epoch + 1, v_micros);
    v_epoch := v_own;
  else
    v_claims := greatest(v_claims + 1, v_micros);
  end if;
  update ${schema}.token_subject s set epoch = v_own, claims_epoch = v_claims where s.namespace = a_namespace and s.shard = a_shard;
  insert into ${schema}.token_revocation (namespace, kind, name, epoch, claims_epoch, until)
    values (a_namespace, 'subject', a_shard, v_epoch, v_claims, v_now + a_revocation);
  return json_build_array(v_epoch, v_claims);`,
  )
}

function endEveryone(schema: string): string {
  return define(
    schema,
    'token_v1_end_everyone',
    'a_namespace text, a_offset bigint, a_lock_ms integer, a_revocation bigint',
    '',
    `insert into ${schema}.token_everyone as e (namespace, epoch) values (a_namespace, 0)
    on conflict (namespace) do update set epoch = e.epoch returning e.epoch into v_epoch;
  ${TAKE_TIME}
  v_epoch := greatest(v_micros, v_epoch + 1,
    (select max(s.epoch) from ${schema}.token_subject s where s.namespace = a_namespace and s.epoch > 0) + 1);
  update ${schema}.token_everyone e set epoch = v_epoch where e.namespace = a_namespace;
  insert into ${schema}.token_revocation (namespace, kind, name, epoch, claims_epoch, until)
    values (a_namespace, 'everyone', '', v_epoch, 0, v_now + a_revocation);
  return v_epoch;`,
  )
}
