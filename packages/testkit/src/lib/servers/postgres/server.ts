import { existsSync } from 'node:fs'
import { chown, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startChild, type Child } from '../child.ts'
import { freePorts } from '../ports.ts'
import { Server } from '../server.ts'
import { until } from '../until.ts'
import { createDatabase, queryPostgres, type Database } from './database.ts'
import { copyTemplate, type PostgresTemplate } from './template.ts'

/** The machine does not crash in a test: what is written is there, synced or not. Commits wait for their WAL as ever. */
const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  fsync: 'off',
  full_page_writes: 'off',
  shared_buffers: '16MB',
  dynamic_shared_memory_type: 'mmap',
  // A replica begins where the template ended.
  wal_keep_size: '512MB',
  wal_retrieve_retry_interval: '100ms',
  timezone: 'UTC',
}

/** A PostgreSQL server. Its data stays when it is killed, and goes when it is stopped. */
export class PostgresServer extends Server {
  /** Its administrator's database; tests make their own. */
  readonly url: string
  protected readonly stopSignal = 'SIGINT'
  readonly #template: PostgresTemplate
  readonly #settings: Readonly<Record<string, string>>

  /** Prefer {@link startPostgres}. */
  constructor(port: number, template: PostgresTemplate, settings: Readonly<Record<string, string>> = {}) {
    super(port)
    this.url = `postgres://postgres@127.0.0.1:${port}/postgres`
    this.#template = template
    this.#settings = { ...SETTINGS, ...settings }
  }

  /** Makes an empty database, in some milliseconds. */
  async createDatabase(): Promise<Database> {
    return createDatabase(this.url)
  }

  /** Runs one statement as administrator, over a connection of its own. Rows are arrays. */
  async query(text: string, params: readonly unknown[] = []): Promise<readonly unknown[][]> {
    return queryPostgres(this.url, text, params)
  }

  /** Starts a streaming replica of this server, which takes queries. */
  async startReplica(): Promise<PostgresReplica> {
    const [port = 0] = await freePorts(1)
    const replica = new PostgresReplica(port, this.#template, this)
    await replica.start()
    return replica
  }

  protected async launch(): Promise<Child> {
    if (!existsSync(this.data)) await this.prepare()
    const settings = Object.entries(this.#settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
    const command = [this.#template.postgres, '-D', this.data, '-p', `${this.port}`, ...settings] as const
    const child = startChild(command, { ...this.#template.user, cwd: this.data, env: { PATH: process.env['PATH'] } })
    await child.says(/ready to accept (read-only )?connections/)
    return child
  }

  protected get data(): string {
    return join(this.folder, 'data')
  }

  /** Fills the data folder before the first start. */
  protected async prepare(): Promise<void> {
    const { user } = this.#template
    if (user) await chown(this.folder, user.uid, user.gid)
    await copyTemplate(this.#template, this.data)
  }
}

/** A server that follows another one, until it is promoted. */
export class PostgresReplica extends PostgresServer {
  readonly #primary: PostgresServer

  /** Prefer {@link PostgresServer.startReplica}. */
  constructor(port: number, template: PostgresTemplate, primary: PostgresServer) {
    super(port, template, { primary_conninfo: `host=${primary.host} port=${primary.port} user=postgres` })
    this.#primary = primary
  }

  /** Waits until everything that the primary has now can be read here. */
  async caughtUp(): Promise<void> {
    const [[wanted] = []] = await this.#primary.query('select pg_current_wal_lsn()::text')
    await until('the replica having caught up', async () => {
      const [[reached] = []] = await this.query('select pg_last_wal_replay_lsn() >= $1::pg_lsn', [wanted])
      return reached === true || undefined
    })
  }

  /** Makes it a server that takes writes, whatever has become of the primary. */
  async promote(): Promise<void> {
    await this.query('select pg_promote(true, 10)')
  }

  protected override async prepare(): Promise<void> {
    await super.prepare()
    await writeFile(join(this.data, 'standby.signal'), '')
  }
}
