import { readOptions, type Duration, type OptionReader, type SqlLike } from '@wardstone/core'
import { isObjectWith } from '../access/verifier.ts'
import { namespaceOf } from '../refresh/wire.ts'
import { Follower, type FollowedFeed } from '../sessions/followed-feed.ts'
import type { SessionStore } from '../sessions/store.ts'
import { Database } from './database.ts'
import { readSchema } from './schema.ts'
import { PostgresSource } from './source.ts'
import { PostgresStore } from './store.ts'
import type { Cleaned } from './sweeper.ts'

/** Options of {@link postgresFeed}. */
export interface PostgresFeedOptions {
  /** A `pg.Pool`, or anything with its `query(text, params)`. Each statement may run on another connection. */
  readonly sql: SqlLike
  /** The issuer whose revocations are followed. */
  readonly issuer: string
  /** Where the tables lie. Default `wardstone`. */
  readonly schema?: string | undefined
  /** How long a call may take, waiting for a connection and for locks included. Default 1 second. */
  readonly deadline?: Duration | undefined
  /** How often revocations are read: so long after a logout another process may take the access token. Default 1 second. */
  readonly every?: Duration | undefined
}

/** Options of {@link postgresStore}. */
export interface PostgresStoreOptions extends Omit<PostgresFeedOptions, 'issuer'> {
  /** Added to the clock of the server, in milliseconds, read at each call: for tests. */
  readonly testClockOffset?: (() => number) | undefined
}

/** A session store on PostgreSQL. */
export interface PostgresSessionStore extends SessionStore {
  /**
   * Removes what has been over for long: looks at the next `batch` sessions, or subjects, and revocations. Call it every minute
   * from one process or from several, with a batch that comes around in a day and takes less than the
   * deadline.
   *
   * @param options - `batch` from 1 to 100000, default 1000
   */
  cleanup(options?: { readonly batch?: number | undefined }): Promise<Cleaned>
  /** Stops following revocations. The pool stays open: it is yours. */
  close(): void
}

/**
 * Keeps sessions in PostgreSQL 13 or later, in tables that {@link migratePostgres} makes. All processes with the same issuer
 * share them. What it has acknowledged it does not lose, as long as `synchronous_commit` is on and a failover goes to a replica
 * that commits wait for; after any other one, clients whose refresh was lost are taken for thieves (`generation_ahead`) and sign
 * in again.
 *
 * Every verb is one statement. Other processes hear of a revocation within `every`. Call `cleanup()` from time to time.
 * Its user needs no more than these rights:
 *
 * ```sql
 * grant usage on schema wardstone to app;
 * grant select, insert, update, delete on wardstone.token_family, wardstone.token_subject, wardstone.token_revocation to app;
 * grant select, insert, update on wardstone.token_everyone to app;
 * ```
 *
 * @throws {@link ConfigurationError} `invalid_options`
 *
 * @example
 * ```ts
 * import { migratePostgres, postgresStore } from '@wardstone/tokens/postgres'
 * import pg from 'pg'
 *
 * const sql = new pg.Pool({ connectionString: 'postgres://app@127.0.0.1/app', max: 16 })
 * sql.on('error', console.error) // a connection that breaks while nobody uses it would end the process
 * await migratePostgres(sql) // or your migration tool, with postgresMigration()
 * export const store = postgresStore({ sql })
 * setInterval(() => void store.cleanup().catch(console.error), 60_000).unref()
 * ```
 */
export function postgresStore(options: PostgresStoreOptions): PostgresSessionStore {
  return new PostgresStore(
    readOptions('postgresStore', options, (o) => ({
      ...readPlace(o),
      testClockOffset: o.callback<(() => number) | undefined>('testClockOffset') ?? (() => 0),
    })),
  )
}

/**
 * Follows the revocations of an issuer that keeps its sessions in PostgreSQL, for services that only verify, on the primary or on
 * a replica. It reads one table: `grant usage on schema wardstone to verifier; grant select on wardstone.token_revocation to
 * verifier` is all that its user needs. A replica's lag comes on top of the staleness, and is not in it.
 *
 * @throws {@link ConfigurationError} `invalid_options`
 *
 * @example
 * ```ts
 * import { createVerifier, type VerificationKeys } from '@wardstone/tokens'
 * import { postgresFeed } from '@wardstone/tokens/postgres'
 * import pg from 'pg'
 *
 * const issuer = 'https://id.example'
 * const sql = new pg.Pool({ connectionString: 'postgres://verifier@127.0.0.1/app', max: 1 })
 * sql.on('error', console.error)
 * export const verifierOf = (keys: VerificationKeys) =>
 *   createVerifier({ issuer, audience: 'https://api.example', keys, revocation: postgresFeed({ sql, issuer }) })
 * ```
 */
export function postgresFeed(options: PostgresFeedOptions): FollowedFeed {
  const { sql, schema, issuer, deadlineMs, everyMs } = readOptions('postgresFeed', options, (o) => ({
    ...readPlace(o),
    issuer: o.text('issuer'),
  }))
  return new Follower(new PostgresSource(new Database(sql, deadlineMs), schema, namespaceOf(issuer), () => 0), { everyMs })
}

function readPlace(o: OptionReader): { sql: SqlLike; schema: string; deadlineMs: number; everyMs: number } {
  const sql = o.value<SqlLike>('sql', 'expected a client with query(), such as pg.Pool', (v) => isObjectWith(v, 'query'))
  if (sql === undefined) o.problem('sql', 'required; expected a client with query(), such as pg.Pool')
  const deadlineMs = o.duration('deadline', '1s')
  const everyMs = o.duration('every', '1s')
  if (deadlineMs < 10 || deadlineMs > 30_000) o.problem('deadline', 'expected 10ms to 30s')
  if (everyMs < 100 || everyMs > 60_000) o.problem('every', 'expected 100ms to 60s')
  return { sql: sql as SqlLike, schema: readSchema(o), deadlineMs, everyMs }
}
