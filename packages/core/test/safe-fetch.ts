import { once } from 'node:events'
import { createServer as createPlainServer } from 'node:http'
import { createServer, type Server, type ServerOptions } from 'node:https'
import type { IncomingMessage, Server as PlainServer, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import type { SafeFetch, SafeFetchOptions } from '../src/index.ts'
import { createSafeFetchWith } from '../src/lib/safe-fetch/safe-fetch.ts'
import { authority } from './certificates.ts'

export const ca = authority()
const names = ca.issue({ name: 'server', dns: ['a.test', 'b.test', '*.hooks.test'], ips: ['127.0.0.1'] })

type Listener = (request: IncomingMessage, response: ServerResponse) => void

/** A TLS server on the loopback interface, for as long as the test runs. */
export async function serveTls(listener: Listener, options: ServerOptions = {}): Promise<number> {
  return started(createServer({ ...names, ...options }, listener))
}

/** The same without TLS. */
export async function servePlain(listener: Listener): Promise<number> {
  return started(createPlainServer(listener))
}

async function started(server: Server | PlainServer): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return (server.address() as AddressInfo).port
}

/** A fetch for which every name is on the loopback interface, and that may go there. */
export function localFetch(
  options: SafeFetchOptions,
  resolve = async (_name: string): Promise<string[]> => ['127.0.0.1'],
): SafeFetch {
  return createSafeFetchWith(resolve, { privateNetwork: true, tls: { ca: ca.cert }, ...options })
}
