import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { pipeline, Readable } from 'node:stream'
import type { HttpHost, HttpRoute } from '@wardstone/testkit/http'
import { baseline, endpoint, guard, problems } from '@wardstone/express'
import express, { type RequestHandler } from 'express'

/** The conformance table's applications on Express. */
export const expressHost: HttpHost = {
  name: 'Express',
  async start({ baseline: options, routes, report }) {
    const app = express()
    app.use(baseline(options))
    for (const { method, path, mount, first, guards = [], answer } of routes) {
      const router = mount === undefined ? app : express.Router()
      if (mount !== undefined) app.use(mount, router)
      const before = first === undefined ? [] : [guard(first)]
      router[method.toLowerCase() as Lowercase<typeof method>](path, ...before, guard(...guards), handlerOf(answer))
    }
    app.use(problems({ report }))

    const server = app.listen(0, '127.0.0.1')
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
  },
}

function handlerOf(answer: HttpRoute['answer']): RequestHandler {
  if ('endpoint' in answer) return endpoint(answer.endpoint, { bodyLimit: answer.bodyLimit })
  if ('stream' in answer) {
    return (_req, res) => {
      res.setHeader('content-type', 'text/plain')
      pipeline(Readable.from(answer.stream()), res, () => {})
    }
  }
  return (_req, res) => {
    res.setHeader(...answer.header)
    throw answer.throws
  }
}
