import { pipeline, Readable } from 'node:stream'
import { contextOf, endpoint, guard, listener, type NodeHandler } from '@wardstone/http/node'
import { serve, type HttpHost, type HttpRoute } from '@wardstone/testkit/http'
import { endpointOf, match } from './routes.ts'

/** The conformance table's applications on a plain `node:http` server. */
export const nodeHost: HttpHost = {
  name: 'node:http',
  start({ baseline, routes, report, server }) {
    const handlers = new Map(routes.map((route) => [route, chainOf(route)]))
    const router: NodeHandler = (request, response, next) => {
      const found = match(routes, contextOf(request).method, contextOf(request).path)
      if (found === undefined) return next()
      Object.assign(request, { route: { path: found.pattern }, params: found.params })
      handlers.get(found.route)?.(request, response, next)
    }
    return serve(listener([router], { baseline, problems: { report } }), server)
  },
}

/** As a router in the manner of Connect runs what stands on one route. */
function chainOf({ first, guards = [], answer }: HttpRoute): NodeHandler {
  const chain = [
    ...(first === undefined ? [] : [guard(first)]),
    ...(guards.length === 0 ? [] : [guard(...guards)]),
    handlerOf(answer),
  ]
  return (request, response, next) => {
    const from = (at: number) => (error?: unknown) => {
      const handler = error === undefined ? chain[at] : undefined
      if (handler === undefined) next(error)
      else handler(request, response, from(at + 1))
    }
    from(0)()
  }
}

function handlerOf(answer: HttpRoute['answer']): NodeHandler {
  const read = endpointOf(answer)
  if (read !== undefined) return endpoint(...read)
  return (_request, response) => {
    if ('stream' in answer) {
      response.writeHead(200, {
        'content-type': answer.type ?? 'text/plain',
        ...(answer.vary === undefined ? {} : { vary: answer.vary }),
      })
      pipeline(Readable.from(answer.stream()), response, () => {})
    } else if ('throws' in answer) {
      response.setHeader(...answer.header)
      throw answer.throws
    }
  }
}
