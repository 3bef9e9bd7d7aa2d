// A process that serves one variant: `server.ts <variant>`, told by its parent what it needs, and asked for its processor time.
import type { RequestListener } from 'node:http'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { variants, type Settings, type VariantName } from './variants.ts'

const send = (message: object): void => void process.send?.(message)

process.on('message', ({ settings }: { readonly settings?: Settings }) => {
  if (settings === undefined) {
    const { user, system } = process.cpuUsage()
    send({ cpuUs: user + system })
  } else void serve(settings)
})
process.on('disconnect', () => process.exit())

async function serve(settings: Settings): Promise<void> {
  const server = await started(variants[process.argv[2] as VariantName](settings))
  send({ port: (server.address() as AddressInfo).port })
}

/** Fastify brings a server of its own. */
async function started(made: RequestListener | { readonly server: Server; ready(): Promise<void> }): Promise<Server> {
  const server = typeof made === 'function' ? createServer(made) : made.server
  if (typeof made !== 'function') await made.ready()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}
