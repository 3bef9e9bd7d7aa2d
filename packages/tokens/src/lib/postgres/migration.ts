import { hash } from 'node:crypto'
import { ConfigurationError, readOptions, type SqlLike } from '@wardstone/core'
import { SIGNATURES } from './define.ts'
import { faultOf } from './errors.ts'
import { functions } from './functions.ts'
import { keyTable } from './key-document.ts'
import { readSchema } from './schema.ts'
import { tables } from './tables.ts'

/** Options of {@link postgresMigration} and {@link migratePostgres}. */
export interface PostgresMigrationOptions {
  /** Where the tables lie. Made if it is not there. Default `wardstone`. */
  readonly schema?: string | undefined
}

/** What a migration tool takes. */
export interface PostgresMigration {
  /** Makes the schema, the tables and the functions, where they are not there. Several statements. */
  readonly up: string
  /** Removes the functions and the tables with everything in them. The schema stays. */
  readonly down: string
}

/**
 * The tables and functions of {@link postgresStore} as texts, for the migration tool that you have. Without one:
 * {@link migratePostgres}. PostgreSQL 13 or later; no extensions.
 *
 * @throws {@link ConfigurationError} `invalid_options`
 *
 * @example
 * ```ts
 * import { writeFileSync } from 'node:fs'
 * import { postgresMigration } from '@wardstone/tokens/postgres'
 *
 * const { up, down } = postgresMigration()
 * writeFileSync('migrations/0007-sessions.up.sql', up)
 * writeFileSync('migrations/0007-sessions.down.sql', down)
 * ```
 */
export function postgresMigration(options: PostgresMigrationOptions = {}): PostgresMigration {
  return textsOf(readOptions('postgresMigration', options, readSchema))
}

/**
 * Makes the tables and functions of {@link postgresStore}, in one transaction and one statement. Processes that start together
 * wait for each other; where everything is there already nothing is done, and no right is needed but to look.
 *
 * @throws {@link ConfigurationError} `invalid_options`
 * @throws {@link PostgresStatementError} `postgres_statement_failed`, such as for a user who may not make tables
 * @throws {@link PostgresUnavailableError} `store_unavailable`
 *
 * @example
 * ```ts
 * import type { SqlLike } from '@wardstone/core'
 * import { migratePostgres } from '@wardstone/tokens/postgres'
 *
 * export async function deploy(owner: SqlLike): Promise<void> {
 *   await migratePostgres(owner) // a pg.Pool of the user who owns the tables
 * }
 * ```
 */
export async function migratePostgres(sql: SqlLike, options: PostgresMigrationOptions = {}): Promise<void> {
  if (typeof (sql as SqlLike | undefined)?.query !== 'function')
    throw new ConfigurationError('migratePostgres', [
      { option: 'sql', expected: 'expected a client with query(), such as pg.Pool' },
    ])
  const schema = readOptions('migratePostgres', options, readSchema)
  const { up } = textsOf(schema)
  const mark = `wardstone tokens ${hash('sha256', up).slice(0, 16)}`
  const text = `
do $migration$
begin
  -- Two that made the same things at once would fail.
  perform pg_advisory_xact_lock(hashtextextended('wardstone tokens ${schema.slice(1, -1)}', 0));
  if obj_description(to_regclass('${schema}.token_family'), 'pg_class') = '${mark}' then return; end if;
  ${up}
  comment on table ${schema}.token_family is '${mark}';
end
$migration$`.trim()
  try {
    await sql.query(text, [])
  } catch (error) {
    throw faultOf(error, 'migrate')
  }
}

function textsOf(schema: string): PostgresMigration {
  const signatures = Object.entries(SIGNATURES).map(([name, types]) => `${schema}.${name}(${types})`)
  return {
    up: [`create schema if not exists ${schema};`, tables(schema), keyTable(schema), functions(schema), ''].join('\n'),
    down: [
      ...signatures.map((signature) => `drop function if exists ${signature};`),
      ...['family', 'subject', 'everyone', 'revocation', 'key_document'].map(
        (name) => `drop table if exists ${schema}.token_${name};`,
      ),
      '',
    ].join('\n'),
  }
}
