import { freePorts } from '../ports.ts'
import { postgresBinaries } from '../postgres/binaries.ts'
import { PostgresServer } from '../postgres/server.ts'
import type { PostgresTemplate } from '../postgres/template.ts'
import { shared } from './run.ts'

/** What a PostgreSQL of a test may be told. */
export interface PostgresOptions {
  /** A major version of {@link postgresBinaries}. Default: the newest. */
  readonly version?: number | undefined
  /** Settings of postgresql.conf, such as `{ max_connections: '20' }`. */
  readonly settings?: Readonly<Record<string, string>> | undefined
}

/**
 * Starts a PostgreSQL of one's own on a free port, in about a tenth of a second: for tests that stop, hang or promote it.
 * Others share one: {@link sharedDatabase}.
 *
 * @example
 * ```ts
 * import { startPostgres } from '@wardstone/testkit/servers'
 *
 * const primary = await startPostgres()
 * const replica = await primary.startReplica()
 * await replica.caughtUp()
 * await primary.kill()
 * await replica.promote() // takes writes from here on
 * await Promise.all([primary.stop(), replica.stop()])
 * ```
 */
export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  const version = options.version ?? (await postgresBinaries())[0]?.version ?? 0
  const template = JSON.parse(await shared(`template-${version}`)) as PostgresTemplate
  const [port = 0] = await freePorts(1)
  const server = new PostgresServer(port, template, options.settings)
  await server.start()
  return server
}
