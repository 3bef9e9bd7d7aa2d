import { familyOf } from './tables.ts'

/** One statement a verb: a call of its function, or a read. */
export interface Statements {
  readonly create: string
  readonly rotate: string
  readonly confirm: string
  readonly end: string
  readonly endOthers: string
  readonly moveEpoch: string
  readonly endEveryone: string
  readonly epochs: string
  readonly judge: string
  readonly list: string
}

const NOW = '(trunc(extract(epoch from clock_timestamp()) * 1000)::bigint + $3::bigint)'

/** `$1` is the namespace, `$2` the subject, `$3` the offset of the test's clock. Each row is one text, `answer`: JSON, or null. */
export function statementsOf(schema: string): Statements {
  const everyone = `(select e.epoch from ${schema}.token_everyone e where e.namespace = $1)`
  const own = `(select s.epoch from ${schema}.token_subject s where s.namespace = $1 and s.shard = $2)`
  const claims = `(select s.claims_epoch from ${schema}.token_subject s where s.namespace = $1 and s.shard = $2)`
  const epoch = `greatest(${own}, ${everyone}, 0)`
  const alive = `f.ended_at is null and f.epoch >= ${epoch} and ${NOW} < f.absolute_end and ${NOW} < f.idle_end`
  const family = `from ${schema}.token_family f where f.namespace = $1 and f.shard = $2`
  return {
    create: call(schema, 'token_v1_create', 16),
    rotate: call(schema, 'token_v1_rotate', 17),
    end: call(schema, 'token_v1_end', 8),
    endOthers: call(schema, 'token_v1_end_others', 6),
    moveEpoch: call(schema, 'token_v1_move_epoch', 6),
    endEveryone: call(schema, 'token_v1_end_everyone', 4),
    confirm: call(schema, 'token_v1_confirm', 7),
    epochs: `select json_build_array(${epoch}, coalesce(${claims}, 0))::text as answer`,
    judge: `select json_build_array(${epoch}, coalesce(${claims}, 0), exists (select ${family} and f.sid = $4 and ${alive}))::text as answer`,
    list: `select ${familyOf('f')}::text as answer ${family} and ${alive} order by f.rotated_at desc, f.sid desc`,
  }
}

function call(schema: string, name: string, args: number): string {
  return `select ${schema}.${name}(${Array.from({ length: args }, (_, i) => `$${i + 1}`).join(', ')}) as answer`
}
