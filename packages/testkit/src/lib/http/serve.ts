import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { RunningHost, ServerTimes } from './host.ts'

/**
 * Serves on a free port of 127.0.0.1, until it is closed with all its connections: for hosts under test that stand on
 * `node:http`.
 *
 * @example
 * ```ts
 * import { serve } from '@wardstone/testkit/http'
 *
 * const { port, close } = await serve((_req, res) => void res.end('hello'))
 * await fetch(`http://127.0.0.1:${port}/`)
 * await close()
 * ```
 */
export async function serve(listener: RequestListener, times: Partial<ServerTimes> = {}): Promise<RunningHost> {
  const server = createServer(times, listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      if (!server.listening) return
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
