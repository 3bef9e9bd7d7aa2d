import { PGlite } from '@electric-sql/pglite'
import { fakeClock } from '@wardstone/testkit'
import { sharedDatabase, startPostgres, type Database } from '@wardstone/testkit/servers'
import type { SessionStage } from '@wardstone/testkit/sessions'
import type { SqlLike } from '@wardstone/core'
import pg from 'pg'
import { migratePostgres, postgresStore, type PostgresSessionStore, type PostgresStoreOptions } from '../../src/postgres.ts'

/** A database with the tables in it, for all cases of a file. */
export class Place {
  readonly sql: SqlLike
  readonly #end: () => Promise<void>

  private constructor(sql: SqlLike, end: () => Promise<void>) {
    this.sql = sql
    this.#end = end
  }

  /** On the server of this run. */
  static async shared(): Promise<Place> {
    return Place.in(await sharedDatabase())
  }

  /** On a server of one's own, of a version. */
  static async version(version: number): Promise<Place> {
    const server = await startPostgres({ version })
    return Place.in(await server.createDatabase(), () => server.stop())
  }

  static async pglite(): Promise<Place> {
    const database = await PGlite.create()
    await migratePostgres(database)
    return new Place(database, () => database.close())
  }

  static async in(database: Database, stop: () => Promise<void> = () => database.drop()): Promise<Place> {
    const pool = poolOf(database.url)
    await migratePostgres(pool)
    return new Place(pool, async () => {
      await pool.end()
      await stop()
    })
  }

  /** What stores have in this database is told apart by their issuers. */
  stage(options: Partial<PostgresStoreOptions> = {}): SessionStage {
    const clock = fakeClock(Date.now())
    const stores: PostgresSessionStore[] = []
    return {
      clock,
      ticks: true,
      open: (settings) => {
        const common = { sql: this.sql, testClockOffset: clock.offset, every: '200ms', deadline: '10s' } as const
        const store = postgresStore({ ...common, ...options })
        stores.push(store)
        store.configure(settings)
        return store
      },
      close: () => {
        for (const store of stores) store.close()
      },
    }
  }

  async query(text: string, params: readonly unknown[] = []): Promise<readonly Readonly<Record<string, unknown>>[]> {
    return (await this.sql.query<Readonly<Record<string, unknown>>>(text, [...params])).rows
  }

  async close(): Promise<void> {
    await this.#end()
  }
}

/** As another user of the same server. */
export function urlOf({ url }: Database, user: string): string {
  const own = new URL(url)
  own.username = user
  return own.href
}

export function poolOf(url: string, options: pg.PoolConfig = {}): pg.Pool {
  const pool = new pg.Pool({ connectionString: url, max: 8, ...options })
  pool.on('error', () => {}) // a connection that breaks while nobody uses it
  return pool
}
