import { removeFolder } from '../folder.ts'
import { freePorts } from '../ports.ts'
import { postgresBinaries } from '../postgres/binaries.ts'
import { PostgresServer } from '../postgres/server.ts'
import { makeTemplate, type PostgresTemplate } from '../postgres/template.ts'
import { startRedis } from '../redis/server.ts'

/** What is made once, when it is first asked for. Known by a text, since other processes ask for it too. */
export type Shared = 'redis' | 'postgres' | `template-${number}`

interface Made {
  readonly fact: string
  remove(): Promise<void>
}

const made = new Map<string, Promise<Made>>()

/** The one that this process has made: the URL of a server, or a template as JSON. */
export async function make(what: Shared): Promise<string> {
  const making = made.get(what) ?? makeNew(what)
  made.set(what, making)
  return (await making).fact
}

/** Stops and removes all that this process has made. */
export async function unmake(): Promise<void> {
  const all = await Promise.allSettled(made.values())
  made.clear()
  // Servers first: templates were made before them.
  for (const result of all.toReversed()) if (result.status === 'fulfilled') await result.value.remove()
}

async function makeNew(what: Shared): Promise<Made> {
  if (what === 'redis') {
    const server = await startRedis()
    return { fact: server.url, remove: () => server.stop() }
  }
  const installed = await postgresBinaries()
  if (what === 'postgres') {
    const [port = 0] = await freePorts(1)
    const template = JSON.parse(await make(`template-${installed[0]?.version ?? 0}`)) as PostgresTemplate
    const server = new PostgresServer(port, template)
    await server.start()
    return { fact: server.url, remove: () => server.stop() }
  }
  const binaries = installed.find(({ version }) => what === `template-${version}`)
  if (!binaries) throw new Error(`no PostgreSQL for ${what} is installed`)
  const template = await makeTemplate(binaries)
  return { fact: JSON.stringify(template), remove: () => removeFolder(template.folder) }
}
