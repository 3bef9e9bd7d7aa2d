import { pipeline, Readable } from 'node:stream'
import { serve, type HttpHost, type HttpRoute } from '@wardstone/testkit/http'
import { baseline, endpoint, guard, problems } from '@wardstone/express'
import express, { type RequestHandler } from 'express'
import express4 from 'express4'

/** The conformance table's applications on Express 5. */
export const expressHost = hostOf('Express 5', express)

/** The same on Express 4: its types do not fit, its functions do. */
export const express4Host = hostOf('Express 4', express4 as unknown as typeof express)

function hostOf(name: string, framework: typeof express): HttpHost {
  return {
    name,
    async start({ baseline: options, routes, report }) {
      const app = framework()
      app.use(baseline(options))
      for (const { method, path, mount, first, guards = [], answer } of routes) {
        const router = mount === undefined ? app : framework.Router()
        if (mount !== undefined) app.use(mount, router)
        const before = first === undefined ? [] : [guard(first)]
        const rest = guards.length === 0 ? [] : [guard(...guards)]
        router[method.toLowerCase() as Lowercase<typeof method>](path, ...before, ...rest, handlerOf(answer))
      }
      app.use(problems({ report }))

      return serve(app)
    },
  }
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
