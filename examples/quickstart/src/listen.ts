import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A server that runs. */
export interface Running {
  readonly origin: string
  /** Answers what has begun, and stops. */
  close(): Promise<void>
}

/** Listens on this machine only. Port 0 picks a free one. */
export async function listen(app: RequestListener, port: number): Promise<Running> {
  const server = createServer(app)
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.close()
      await once(server, 'close')
    },
  }
}
