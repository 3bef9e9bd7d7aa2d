import { COMMON, define, noteEnd, readEpochs, ROW, TAKE_TIME } from './define.ts'
import { familyColumns } from './tables.ts'

/** The step of a refresh, as `refresh/step.ts` has it, on the locked session. */
export function rotate(schema: string): string {
  return define(
    schema,
    'token_v1_rotate',
    `${COMMON}, a_sid text, a_hash bytea, a_generation bigint, a_kid text, a_known_dead boolean, a_ip text, a_agent text,
  a_idle bigint, a_grace bigint, a_lost bigint, a_unconfirmed bigint, a_budget integer`,
    `outcome text, reason text, epoch_now bigint, claims_now bigint, ip_before text, user_agent_before text, ${ROW}`,
    `f ${schema}.token_family; v_outcome text; v_reason text; v_ip text; v_agent text; v_distance bigint; v_since bigint;`,
    `select t.* into f from ${schema}.token_family t where t.namespace = a_namespace and t.sid = a_sid and t.shard = a_shard for update;
  if not found then return; end if;
  ${readEpochs(schema)}
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
    return query select v_outcome, v_reason, v_epoch, v_claims, v_ip, v_agent, ${familyColumns('(f)')};
    return;
  end if;
  if v_reason is not null then
    v_outcome := 'ended';
    f.ended_at := v_now;
    f.ended_reason := v_reason;
    ${noteEnd(schema, 'a_sid')};
  else
    f.emitted_at := v_now;
    f.ip := coalesce(a_ip, f.ip);
    f.user_agent := coalesce(a_agent, f.user_agent);
  end if;
  return query update ${schema}.token_family t set generation = f.generation, kid = f.kid, idle_end = f.idle_end, rotated_at = f.rotated_at,
      emitted_at = f.emitted_at, confirmed_at = f.confirmed_at, late = f.late, late_streak = f.late_streak, ip = f.ip,
      user_agent = f.user_agent, ended_at = f.ended_at, ended_reason = f.ended_reason
    where t.namespace = a_namespace and t.sid = a_sid
    returning v_outcome, v_reason, v_epoch, v_claims, v_ip, v_agent, ${familyColumns('t')};`,
  )
}
