import { baseline, problems } from '@wardstone/koa'
import { jsonBody } from '@wardstone/koa/body'
import { bodyParser } from '@koa/bodyparser'
import { serve } from '@wardstone/testkit/http'
import Koa from 'koa'
import { expect, test } from 'vitest'

/** Sends requests to an application that tells what handlers find. */
async function asking(middleware: readonly Koa.Middleware[], ask: (url: string) => Promise<void>): Promise<void> {
  const app = new Koa().use(baseline()).use(problems())
  for (const each of middleware) app.use(each)
  app.use((ctx) => void (ctx.body = { body: ctx.request.body ?? null }))
  const running = await serve(app.callback())
  try {
    await ask(`http://127.0.0.1:${running.port}`)
  } finally {
    await running.close()
  }
}

const json = (method: string, body?: string): RequestInit => ({
  method,
  headers: { 'content-type': 'application/json' },
  ...(body !== undefined && { body }),
})

test('[HTTP-4] every method that may have a body has it parsed', async () => {
  await asking([jsonBody()], async (url) => {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      expect(await (await fetch(url, json(method, '{"a":1}'))).json()).toEqual({ body: { a: 1 } })
      expect(await (await fetch(url, json(method))).json()).toEqual({ body: null })
    }
  })
})

test('[HTTP-4] a form, which the parser takes by itself, is a 415', async () => {
  const form = { method: 'POST', body: new URLSearchParams({ a: '1' }) }
  await asking([bodyParser()], async (url) => expect((await fetch(url, form)).status).toBe(200))
  await asking([jsonBody()], async (url) => expect((await fetch(url, form)).status).toBe(415))
})

test('[HTTP-4] a body that somebody has parsed before is left as it is', async () => {
  await asking([bodyParser(), jsonBody()], async (url) => {
    expect(await (await fetch(url, json('POST', '{"a":1}'))).json()).toEqual({ body: { a: 1 } })
  })
})

test.each([{ limit: Number.NaN }, { limit: '100kb' }, { limit: 0 }, { depth: 0 }, { keys: -1 }, { bodyLimit: 1 }])(
  'the parser does not start with %j',
  (options) => {
    expect(() => jsonBody(options as object)).toThrow(/^jsonBody: /)
  },
)
