import { createDatabase, type Database } from '../postgres/database.ts'
import { shared } from './run.ts'

/**
 * An empty database on the PostgreSQL of this run: that of `DATABASE_URL`, or one that is started for all. Tests that stop
 * or hang it start their own.
 *
 * @example
 * ```ts
 * import { sharedDatabase } from '@wardstone/testkit/servers'
 *
 * const database = await sharedDatabase()
 * export const poolOptions = { connectionString: database.url }
 * await database.drop()
 * ```
 */
export async function sharedDatabase(): Promise<Database> {
  return createDatabase(process.env['DATABASE_URL'] ?? (await shared('postgres')))
}
