import { until } from '../until.ts'
import type { RedisServer } from './server.ts'

/** Waits until a replica follows its master and has everything that the master has now. */
export async function caughtUp(replica: RedisServer, master: RedisServer): Promise<void> {
  const { master_repl_offset: wanted } = await replicationOf(master)
  await until('the replica having caught up', async () => {
    const { master_link_status: link, master_port: port, slave_repl_offset: offset } = await replicationOf(replica)
    return (link === 'up' && port === `${master.port}` && Number(offset) >= Number(wanted)) || undefined
  })
}

/** The answer of INFO, by name. */
async function replicationOf(server: RedisServer): Promise<Record<string, string | undefined>> {
  const info = String(await server.call('INFO', 'replication'))
  return Object.fromEntries(info.split('\r\n').map((line) => line.split(':', 2) as [string, string]))
}
