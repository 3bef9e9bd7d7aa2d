import { COMMON, define, noteEnd, TAKE_TIME } from './define.ts'
import { familyOf } from './tables.ts'

/**
 * The step of a refresh, as `refresh/step.ts` has it. It is decided on what was committed when it began, and written if the session
 * is still the version that was read (`xmin`). Otherwise the session is locked, and it is decided anew. A lock is written to disk,
 * so there is none for those who need none: refreshes that write nothing, and those that nobody else meets.
 *
 * Epochs that move meanwhile change nothing: what is written then is below them, and as dead as before.
 */
export function rotate(schema: string): string {
  return define(
    schema,
    'token_v1_rotate',
    `${COMMON}, a_sid text, a_hash bytea, a_generation bigint, a_kid text, a_known_dead boolean, a_ip text, a_agent text,
  a_idle bigint, a_grace bigint, a_lost bigint, a_unconfirmed bigint, a_budget integer`,
    `f record; v_outcome text; v_reason text; v_ip text; v_agent text; v_distance bigint; v_since bigint;`,
    `for attempt in 1..3 loop
  if attempt > 1 then
    perform 1 from ${schema}.token_family t where t.namespace = a_namespace and t.sid = a_sid and t.shard = a_shard for update;
  end if;
  select t.*, t.xmin as version, greatest(s.epoch, e.epoch, 0) as lowest, coalesce(s.claims_epoch, 0) as claims into f
    from ${schema}.token_family t
    left join ${schema}.token_subject s on s.namespace = a_namespace and s.shard = a_shard
    left join ${schema}.token_everyone e on e.namespace = a_namespace
    where t.namespace = a_namespace and t.sid = a_sid and t.shard = a_shard;
  if not found then return null; end if;
  v_epoch := f.lowest;
  v_claims := f.claims;
  ${TAKE_TIME}
  v_ip := f.ip;
  v_agent := f.user_agent;
  v_distance := f.generation - a_generation;
  -- What is compared is a hash of a value that came with a valid signature: its time tells nothing.
  v_reason := case
    when f.secret_hash <> a_hash then 'forged'
    when f.ended_at is not null then f.ended_reason
    when f.epoch < v_epoch or a_known_dead then 'subject_revoked'
    when v_now >= f.absolute_end then 'expired_absolute'
    when v_now >= f.idle_end then 'expired_idle'
  end;
  if v_reason is not null then
    v_outcome := 'refused';
  elsif v_distance = 0 then
    if v_now - greatest(f.rotated_at, f.emitted_at) < a_grace then
      v_outcome := 'repeated';
    else
      v_outcome := 'rotated';
      -- Forgiven one by one: else a thief who once keeps step may come second for as long again.
      if not f.late then f.late_streak := greatest(0, f.late_streak - 1); end if;
      f.generation := f.generation + 1;
      f.kid := a_kid;
      f.rotated_at := v_now;
      f.idle_end := least(v_now + a_idle, f.absolute_end);
      f.confirmed_at := null;
      f.late := false;
    end if;
  elsif v_distance < 0 then
    -- Only we could have signed a later token, and nothing is lost here: somebody has a copy of another database.
    v_reason := 'generation_ahead';
  elsif v_distance > 1 then
    v_reason := 'reuse_detected';
  else
    v_outcome := 'replayed';
    v_since := v_now - f.rotated_at;
    if v_since >= a_grace and (f.confirmed_at is null or v_now - f.confirmed_at >= a_grace) then
      if f.confirmed_at is not null or v_since >= (case when f.ever_confirmed then a_lost else a_unconfirmed end) then
        v_reason := 'reuse_detected';
      elsif not f.late and f.late_streak >= a_budget then
        v_reason := 'retry_budget_spent';
      elsif not f.late then
        f.late := true;
        f.late_streak := f.late_streak + 1;
      end if;
    end if;
  end if;
  if v_outcome in ('refused', 'repeated') then
    return json_build_array(v_outcome, v_reason, v_epoch, v_claims, v_ip, v_agent, ${familyOf('f')});
  end if;
  if v_reason is not null then
    v_outcome := 'ended';
    f.ended_at := v_now;
    f.ended_reason := v_reason;
  else
    f.emitted_at := v_now;
    f.ip := coalesce(a_ip, f.ip);
    f.user_agent := coalesce(a_agent, f.user_agent);
  end if;
  update ${schema}.token_family t set generation = f.generation, kid = f.kid, idle_end = f.idle_end, rotated_at = f.rotated_at,
      emitted_at = f.emitted_at, confirmed_at = f.confirmed_at, late = f.late, late_streak = f.late_streak, ip = f.ip,
      user_agent = f.user_agent, ended_at = f.ended_at, ended_reason = f.ended_reason
    where t.namespace = a_namespace and t.sid = a_sid and t.xmin = f.version
    returning json_build_array(v_outcome, v_reason, v_epoch, v_claims, v_ip, v_agent, ${familyOf('t')}) into v_answer;
  exit when found;
  end loop;
  -- Nobody else can have come between twice.
  if v_answer is null then raise exception using errcode = 'serialization_failure', message = 'a session changes under its lock'; end if;
  if v_outcome = 'ended' then
    ${noteEnd(schema, 'a_sid')};
  end if;
  return v_answer;`,
  )
}
