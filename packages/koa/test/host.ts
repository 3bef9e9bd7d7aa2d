import { Readable } from 'node:stream'
import Router from '@koa/router'
import { jsonReply } from '@wardstone/http'
import { response, serve, type HttpHost, type HttpRoute } from '@wardstone/testkit/http'
import { baseline, contextOf, endpoint, guard, problems, type KoaContext, type KoaMiddleware } from '@wardstone/koa'
import { jsonBody } from '@wardstone/koa/body'
import Koa from 'koa'

/** The conformance table's applications on Koa. */
export const koaHost: HttpHost = koaHostWith()

/** The same with middleware behind `problems`. */
export function koaHostWith(...middleware: readonly KoaMiddleware[]): HttpHost {
  return {
    name: 'Koa 3',
    differences: [
      {
        title: 'a path that cannot be decoded is a 400 like any other',
        because: '@koa/router takes such a path as it is',
        instead: () => response(200, { headers: [['content-type', 'application/json']], body: '{"body":null}' }),
      },
      {
        title: 'a stream that fails after the head is cut off, not completed',
        because: 'a body that fails is also brought to the error boundary, and reported',
        instead: (expected) => ({ ...expected, notes: ['reported: stream', ...expected.notes] }),
      },
    ],
    async start({ baseline: options, routes, report, server }) {
      const app = new Koa()
      // What baseline itself fails at: a boundary inside of it is never asked.
      app.on('error', (error, ctx: KoaContext) => report(error, contextOf(ctx)))
      app.use(baseline(options))
      app.use(problems({ report }))
      for (const each of middleware) app.use(each)
      for (const { method, path, mount, first, guards = [], answer } of routes) {
        const router = new Router({ prefix: mount ?? '' })
        const before = first === undefined ? [] : [guard(first)]
        const rest = guards.length === 0 ? [] : [guard(...guards)]
        router[method.toLowerCase() as Lowercase<typeof method>](path, ...before, ...rest, ...handlersOf(answer))
        app.use(router.routes())
      }
      return serve(app.callback(), server)
    },
  }
}

function handlersOf(answer: HttpRoute['answer']): KoaMiddleware[] {
  if (!('json' in answer)) return [handlerOf(answer)]
  const tell: KoaMiddleware = (ctx, next) => {
    const { body: found } = ctx.request as { readonly body?: unknown }
    return endpoint((_ctx, body) => (body === found ? jsonReply(200, { body: found ?? null }) : { status: 500 }))(ctx, next)
  }
  return [jsonBody(answer.json), tell]
}

function handlerOf(answer: Exclude<HttpRoute['answer'], { readonly json: unknown }>): KoaMiddleware {
  if ('endpoint' in answer) {
    const { endpoint: handler, ...limits } = answer
    return endpoint(handler, limits)
  }
  return async (ctx) => {
    if ('stream' in answer) {
      ctx.res.setHeader('content-type', answer.type ?? 'text/plain')
      if (answer.vary !== undefined) ctx.res.setHeader('vary', answer.vary)
      ctx.body = Readable.from(answer.stream())
    } else {
      ctx.res.setHeader(...answer.header)
      throw answer.throws
    }
  }
}
