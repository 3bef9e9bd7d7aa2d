import pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { available, postgresBinaries, startPostgres, type PostgresServer } from '../src/servers.ts'
import { foldersOf, orSilence, runs } from './traces.ts'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => {})
  closing.push(() => client.end())
  await client.connect()
  return client
}

const versions = (await available('postgres-server')) ? await postgresBinaries() : []

describe.each(versions)('a PostgreSQL $version of our own', { timeout: 30_000 }, ({ version }) => {
  let server: PostgresServer

  beforeAll(async () => {
    server = await startPostgres({ version })
    await server.query('create table facts (fact text)')
  }, 30_000)

  afterAll(() => server.stop())

  it('is that version, with a clean database for whoever asks', async () => {
    expect(await server.query(`select current_setting('server_version_num')::int / 10000`)).toEqual([[version]])
    const [one, other] = await Promise.all([server.createDatabase(), server.createDatabase()])
    await (await connect(one.url)).query('create table things (thing text)')
    expect((await (await connect(other.url)).query(`select to_regclass('things') as things`)).rows).toEqual([{ things: null }])
    await one.drop() // whoever is connected
    expect(await server.query('select datname from pg_database where datname = $1', [one.name])).toEqual([])
  })

  it('hangs whole: open connections are silent, and answer when it goes on', async () => {
    const client = await connect(server.url)
    await server.hang()
    const asked = client.query<{ fact: number }>('select 1 as fact').then(({ rows }) => rows)
    expect(await orSilence(asked)).toBe('silence')
    server.resume()
    expect(await asked).toEqual([{ fact: 1 }])
  })

  it('keeps what was committed when it is killed and started again', async () => {
    await server.query(`insert into facts values ('kept')`)
    await server.kill()
    await server.start()
    expect(await server.query('select fact from facts')).toEqual([['kept']])
    await server.restart()
    expect(await server.query('select fact from facts')).toEqual([['kept']])
  })

  it('has a streaming replica that reads, and writes once it is promoted', async () => {
    const replica = await server.startReplica()
    closing.push(() => replica.stop())
    await server.query(`insert into facts values ('streamed')`)
    await replica.caughtUp()
    expect(await replica.query('select fact from facts')).toEqual([['kept'], ['streamed']])
    await expect(replica.query(`insert into facts values ('written')`)).rejects.toMatchObject({ code: '25006' })
    await server.kill()
    await replica.promote()
    await replica.query(`insert into facts values ('written')`)
    expect(await replica.query('select count(*)::int from facts')).toEqual([[3]])
  })

  it('leaves nothing behind, be it stopped while it hangs', async () => {
    const before = foldersOf(process.pid)
    const other = await startPostgres({ version })
    expect([runs(other.pid), foldersOf(process.pid).length]).toEqual([true, before.length + 1])
    await other.hang()
    await other.stop()
    expect([runs(other.pid), foldersOf(process.pid)]).toEqual([false, before])
  })
})
