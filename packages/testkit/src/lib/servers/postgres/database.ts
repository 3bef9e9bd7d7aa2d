import { randomBytes } from 'node:crypto'

/** A database that nobody else uses. */
export interface Database {
  readonly name: string
  /** What `pg` takes as `connectionString`. */
  readonly url: string
  /** Removes it, whoever is connected. */
  drop(): Promise<void>
}

/** Makes an empty database beside the one that the URL names. */
export async function createDatabase(url: string): Promise<Database> {
  const name = `wardstone_${randomBytes(8).toString('hex')}`
  await queryPostgres(url, `create database ${name}`)
  const own = new URL(url)
  own.pathname = `/${name}`
  return {
    name,
    url: own.href,
    async drop() {
      await queryPostgres(url, `drop database if exists ${name} with (force)`)
    },
  }
}

/** Runs one statement over a connection of its own. Fails when there is no answer within some seconds: the server may hang. */
export async function queryPostgres(url: string, text: string, params: readonly unknown[] = []): Promise<readonly unknown[][]> {
  const { default: pg } = await import('pg')
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000, query_timeout: 10_000 })
  client.on('error', () => {}) // the call is rejected with it
  try {
    await client.connect()
    const { rows } = await client.query<unknown[]>({ text, values: [...params], rowMode: 'array' })
    return rows
  } finally {
    await client.end()
  }
}
