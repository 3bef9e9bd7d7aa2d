import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Lifecycle } from '@wardstone/http/lifecycle'

/** A server that runs. */
export interface Running {
  readonly origin: string
  /** Answers what has begun, and stops. */
  close(): Promise<void>
}

/** Listens on this machine only. Port 0 picks a free one. */
export async function listen(app: RequestListener, port: number, lifecycle: Lifecycle): Promise<Running> {
  const server = createServer(app)
  lifecycle.attach(server)
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      await lifecycle.shutdown()
    },
  }
}
