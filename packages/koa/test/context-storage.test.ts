import { AsyncLocalStorage } from 'node:async_hooks'
import { setTimeout as after } from 'node:timers/promises'
import { ALLOW, type HttpContext } from '@wardstone/http'
import { baseline, guard, problems } from '@wardstone/koa'
import { serve } from '@wardstone/testkit/http'
import Koa from 'koa'
import { expect, test } from 'vitest'

const storage = new AsyncLocalStorage<HttpContext>()
const found = (): string | undefined => storage.getStore()?.header('x-name')

async function ask(app: Koa): Promise<readonly unknown[]> {
  const server = await serve(app.callback())
  try {
    return await Promise.all(
      ['a', 'b', 'c', 'd', 'e'].map(async (name) => {
        const response = await fetch(`http://127.0.0.1:${server.port}/`, {
          method: 'POST',
          headers: { 'x-name': name },
          body: 'x',
        })
        return response.json()
      }),
    )
  } finally {
    await server.close()
  }
}

test('[HTTP-5] middleware finds its request on the way in and out, also behind a parser that listens to the body', async () => {
  const app = new Koa()
  app.use(baseline({ context: storage, trustedProxies: [] }))
  app.use(problems())
  app.use(async (ctx, next) => {
    const before = found()
    await next()
    ctx.body = { ...(ctx.body as object), before, behind: found() }
  })
  app.use(async (ctx, next) => {
    await new Promise((resolve) => ctx.req.on('data', () => {}).on('end', resolve))
    await next()
  })
  app.use(guard((ctx) => (storage.getStore() === ctx ? ALLOW : { ok: false, reply: { status: 404 } })))
  app.use(async (ctx) => {
    await after(1)
    ctx.body = { inside: found() }
  })
  expect(await ask(app)).toEqual(['a', 'b', 'c', 'd', 'e'].map((name) => ({ inside: name, before: name, behind: name })))
})

test('[HTTP-5] what is told of an error finds the request that failed', async () => {
  const app = new Koa()
  const seen = new Set<unknown>()
  app.on('error', () => seen.add(found()))
  app.use(baseline({ context: storage, trustedProxies: [] }))
  app.use(problems())
  app.use(async (ctx) => {
    await new Promise<void>((resolve) => ctx.req.on('data', () => {}).on('end', resolve))
    throw new Error('no')
  })
  await ask(app)
  expect(seen).toEqual(new Set(['a', 'b', 'c', 'd', 'e']))
})
