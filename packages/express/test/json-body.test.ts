import { baseline, jsonBody, problems } from '@wardstone/express'
import { serve } from '@wardstone/testkit/http'
import express, { type Express } from 'express'
import { expect, test, vi } from 'vitest'

/** Sends requests to an application. */
async function asking<T>(app: Express, ask: (url: string) => Promise<T>): Promise<T> {
  const running = await serve(app)
  try {
    return await ask(`http://127.0.0.1:${running.port}`)
  } finally {
    await running.close()
  }
}

function appOf(routes: (app: Express) => void, report?: (error: unknown) => void): Express {
  const app = express().use(baseline())
  routes(app)
  return app.use(problems({ report }))
}

const json = (method: string, body?: string): RequestInit => ({
  method,
  headers: { 'content-type': 'application/json' },
  ...(body !== undefined && { body }),
})

const echo = (app: Express): unknown =>
  app.use(jsonBody()).all('/', (req, res) => void res.json({ body: (req.body as unknown) ?? null }))

test('[HTTP-4] every method that may have a body has it parsed', async () => {
  await asking(appOf(echo), async (url) => {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      expect(await (await fetch(url, json(method, '{"a":1}'))).json()).toEqual({ body: { a: 1 } })
      expect(await (await fetch(url, json(method))).json()).toEqual({ body: null })
    }
  })
})

test('[HTTP-4] another type comes in before it, and nowhere else', async () => {
  const app = appOf((routes) => {
    routes.post('/text', express.text(), (req, res) => void res.send(String(req.body)))
    echo(routes)
  })
  const text = { method: 'POST', headers: { 'content-type': 'text/plain' }, body: 'hello' }
  await asking(app, async (url) => {
    expect(await (await fetch(`${url}/text`, text)).text()).toBe('hello')
    expect((await fetch(url, text)).status).toBe(415)
  })
})

test('[HTTP-4] a body that somebody has parsed before is left as it is', async () => {
  const app = appOf((routes) => {
    routes.use(express.json({ limit: '1mb' }))
    echo(routes)
  })
  await asking(app, async (url) => {
    expect(await (await fetch(url, json('POST', '{"a":1}'))).json()).toEqual({ body: { a: 1 } })
  })
})

test('a handler that throws behind the parser is answered by the error boundary', async () => {
  const reported = vi.fn()
  const error = new Error('inner')
  const app = appOf((routes) => {
    routes.use(jsonBody()).post('/', () => {
      throw error
    })
  }, reported)
  await asking(app, async (url) => expect((await fetch(url, json('POST', '{}'))).status).toBe(500))
  expect(reported.mock.calls.map(([told]) => told as unknown)).toEqual([error])
})

test.each([{ limit: Number.NaN }, { limit: '100kb' }, { limit: 0 }, { depth: 0 }, { keys: -1 }, { bodyLimit: 1 }])(
  'the parser does not start with %j',
  (options) => {
    expect(() => jsonBody(options as object)).toThrow(/^jsonBody: /)
  },
)
