import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { refusal, type HttpHost, type HttpRoute } from '@wardstone/testkit/http'
import { baseline, endpoint, frameworkErrors, guard, jsonBody, problems } from '@wardstone/fastify'
import { fastify, type FastifyPluginCallback, type RouteShorthandOptionsWithHandler } from 'fastify'

const NOT_FOUND = refusal(404, 'not_found', 'Not Found')

/** The conformance table's applications on Fastify. */
export const fastifyHost: HttpHost = fastifyHostWith()

/** The same with plugins behind `problems`. */
export function fastifyHostWith(...plugins: readonly FastifyPluginCallback[]): HttpHost {
  return {
    name: 'Fastify 5',
    differences: [
      {
        title: 'a trailing slash is part of the path, and matches the route',
        because: 'Fastify takes it for another path, unless ignoreTrailingSlash is on',
        instead: () => NOT_FOUND,
      },
      {
        title: 'capitals are part of the path, and match the route',
        because: 'Fastify takes it for another path, unless caseSensitive is off',
        instead: () => NOT_FOUND,
      },
    ],
    async start({ baseline: options, routes, report, server }) {
      const app = fastify({
        forceCloseConnections: true,
        frameworkErrors: frameworkErrors(options),
        ...(server && { requestTimeout: server.requestTimeout, http: server }),
      })
      app.register(baseline(options))
      app.register(problems({ report }))
      for (const each of plugins) app.register(each)
      for (const { method, path, mount, first, guards = [], answer } of routes) {
        const onRequest = [...(first === undefined ? [] : [guard(first)]), ...(guards.length === 0 ? [] : [guard(...guards)])]
        app.register(
          async (instance) => {
            if ('json' in answer) instance.register(jsonBody(answer.json))
            instance.route({ method, url: path, onRequest, ...optionsOf(answer) })
          },
          { prefix: mount ?? '' },
        )
      }
      await app.listen({ port: 0, host: '127.0.0.1' })
      return { port: (app.server.address() as AddressInfo).port, close: () => app.close() }
    },
  }
}

function optionsOf(answer: HttpRoute['answer']): RouteShorthandOptionsWithHandler {
  if ('endpoint' in answer) {
    const { endpoint: handler, ...limits } = answer
    return endpoint(handler, limits)
  }
  if ('json' in answer) {
    return {
      handler: (request, reply) =>
        reply.header('content-type', 'application/json').send(Buffer.from(JSON.stringify({ body: request.body ?? null }))),
    }
  }
  if ('stream' in answer) {
    return {
      handler(_request, reply) {
        if (answer.vary !== undefined) reply.header('vary', answer.vary)
        reply.header('content-type', answer.type ?? 'text/plain').send(Readable.from(answer.stream()))
      },
    }
  }
  return {
    handler(_request, reply) {
      reply.header(...answer.header)
      throw answer.throws
    },
  }
}
