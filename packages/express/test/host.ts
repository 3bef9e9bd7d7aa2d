import { pipeline, Readable } from 'node:stream'
import { serve, type HttpHost, type HttpRoute } from '@wardstone/testkit/http'
import { baseline, endpoint, guard, jsonBody, problems } from '@wardstone/express'
import { jsonReply } from '@wardstone/http'
import express, { type RequestHandler } from 'express'
import express4 from 'express4'

/** The conformance table's applications on Express 5. */
export const expressHost = hostOf('Express 5', express)

/** The same on Express 4: its types do not fit, its functions do. */
export const express4Host = hostOf('Express 4', express4 as unknown as typeof express)

/** Express 5 with middleware behind `baseline`. */
export function expressHostWith(...before: readonly RequestHandler[]): HttpHost {
  return hostOf('Express 5', express, before)
}

function hostOf(name: string, framework: typeof express, middleware: readonly RequestHandler[] = []): HttpHost {
  return {
    name,
    async start({ baseline: options, routes, report, server }) {
      const app = framework()
      app.use(baseline(options), ...middleware)
      for (const { method, path, mount, first, guards = [], answer } of routes) {
        const router = mount === undefined ? app : framework.Router()
        if (mount !== undefined) app.use(mount, router)
        const before = first === undefined ? [] : [guard(first)]
        const rest = guards.length === 0 ? [] : [guard(...guards)]
        router[method.toLowerCase() as Lowercase<typeof method>](path, ...before, ...rest, ...handlersOf(answer))
      }
      app.use(problems({ report }))

      return serve(app, server)
    },
  }
}

function handlersOf(answer: HttpRoute['answer']): RequestHandler[] {
  if (!('json' in answer)) return [handlerOf(answer)]
  const tell: RequestHandler = (req, res, next) => {
    const found: unknown = req.body
    endpoint((_ctx, body) => (body === found ? jsonReply(200, { body: found ?? null }) : { status: 500 }))(req, res, next)
  }
  return [jsonBody(answer.json), tell]
}

function handlerOf(answer: Exclude<HttpRoute['answer'], { readonly json: unknown }>): RequestHandler {
  if ('endpoint' in answer) {
    const { endpoint: handler, ...limits } = answer
    return endpoint(handler, limits)
  }
  if ('stream' in answer) {
    return (_req, res) => {
      res.setHeader('content-type', answer.type ?? 'text/plain')
      if (answer.vary !== undefined) res.set('vary', answer.vary)
      pipeline(Readable.from(answer.stream()), res, () => {})
    }
  }
  return (_req, res) => {
    res.setHeader(...answer.header)
    throw answer.throws
  }
}
