import { randomUUID } from 'node:crypto'
import { readOptions, type Duration, type SqlLike } from '@wardstone/core'
import { isObjectWith } from '../access/verifier.ts'
import type { WritableKeyDocument } from '../keys/key-document.ts'
import { namespaceOf } from '../refresh/wire.ts'
import { Database } from './database.ts'
import { readSchema } from './schema.ts'

/** Options of {@link postgresKeyDocument}. */
export interface PostgresKeyDocumentOptions {
  /** A `pg.Pool`, or anything with its `query(text, params)`: of the server that is written to, not of a replica. */
  readonly sql: SqlLike
  /** The issuer whose keys these are: each has its own. */
  readonly issuer: string
  /** Where the tables lie. Default `wardstone`. */
  readonly schema?: string | undefined
  /** How long a call may take, waiting for a connection included. Default 1 second. */
  readonly deadline?: Duration | undefined
  /** Added to the clock of the server, in milliseconds, read at each call: for tests. */
  readonly testClockOffset?: (() => number) | undefined
}

/** A row for each issuer. */
export function keyTable(schema: string): string {
  return `
create table if not exists ${schema}.token_key_document (
  namespace text collate "C" primary key,
  version text collate "C" not null,
  body text not null
);`.trim()
}

/**
 * Keeps the keys of a shared set in PostgreSQL 13 or later, in a table that {@link migratePostgres} makes. Each call is one statement. Its user
 * needs `select, insert, update` on `wardstone.token_key_document`.
 *
 * @throws {@link ConfigurationError} `invalid_options`
 *
 * @example
 * ```ts
 * import { generateSecret, secretRing } from '@wardstone/core'
 * import { createSharedKeySet } from '@wardstone/tokens'
 * import { migratePostgres, postgresKeyDocument } from '@wardstone/tokens/postgres'
 * import pg from 'pg'
 *
 * const sql = new pg.Pool({ connectionString: 'postgres://app@127.0.0.1/app', max: 16 })
 * await migratePostgres(sql)
 * export const keys = await createSharedKeySet({
 *   document: postgresKeyDocument({ sql, issuer: 'https://id.example' }),
 *   ring: secretRing({ current: generateSecret() }),
 * })
 * ```
 */
export function postgresKeyDocument(options: PostgresKeyDocumentOptions): WritableKeyDocument {
  const { database, namespace, table, offset } = readOptions('postgresKeyDocument', options, (o) => {
    const expected = 'expected a client with query(), such as pg.Pool'
    const sql = o.value<SqlLike>('sql', expected, (v) => isObjectWith(v, 'query'))
    if (sql === undefined) o.problem('sql', `required; ${expected}`)
    const deadlineMs = o.duration('deadline', '1s')
    if (deadlineMs < 10 || deadlineMs > 4_000) o.problem('deadline', 'expected 10ms to 4s')
    return {
      database: new Database(sql as SqlLike, deadlineMs),
      namespace: namespaceOf(o.text('issuer')),
      table: `${readSchema(o)}.token_key_document`,
      offset: o.callback<(() => number) | undefined>('testClockOffset') ?? (() => 0),
    }
  })
  // Not now(), which is when the transaction began: perhaps before it waited for the row.
  const clock = '(extract(epoch from clock_timestamp()) * 1000)::bigint + $1::bigint'
  const read = `select (${clock})::text as now, d.version, d.body from (values (1)) one left join ${table} d on d.namespace = $2`
  const insert = `insert into ${table} (namespace, version, body) select $2, $3, $4 where ${clock} <= $5::bigint
    on conflict (namespace) do nothing returning version`
  const update = `update ${table} set version = $3, body = $4
    where namespace = $2 and ${clock} <= $5::bigint and version = $6 returning version`
  return {
    async read() {
      const [row] = await database.query('readKeys', read, [offset(), namespace])
      const { now, version, body } = row ?? {}
      const isThere = typeof version === 'string' && typeof body === 'string'
      return { now: Number(now), stored: isThere ? { version, text: body } : undefined }
    },
    async write(expected, text, notAfter) {
      const params = [offset(), namespace, randomUUID(), text, Math.floor(notAfter)]
      const rows =
        expected === undefined
          ? await database.query('writeKeys', insert, params)
          : await database.query('writeKeys', update, [...params, expected])
      return rows.length > 0
    },
  }
}
