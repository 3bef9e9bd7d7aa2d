// Starts an example: `pnpm example quickstart`. Options are environment variables: PORT, GRACE, STORE, SEED.
import { globSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

const examples = join(import.meta.dirname, '..', 'examples')
const servers = new Map(globSync(join(examples, '*/src/server.ts')).map((file) => [basename(dirname(dirname(file))), file]))
const server = servers.get(process.argv[2] ?? '')

if (server === undefined) {
  console.error(`usage: pnpm example ${[...servers.keys()].sort().join('|')}`)
  process.exitCode = 1
} else {
  await import(server)
}
