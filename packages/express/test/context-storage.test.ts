import { AsyncLocalStorage } from 'node:async_hooks'
import type { IncomingMessage } from 'node:http'
import { setTimeout as after } from 'node:timers/promises'
import { ALLOW, type HttpContext } from '@wardstone/http'
import { baseline, guard, problems } from '@wardstone/express'
import { serve } from '@wardstone/testkit/http'
import express, { type Express } from 'express'
import express4 from 'express4'
import { describe, expect, test } from 'vitest'

const storage = new AsyncLocalStorage<HttpContext>()
const found = (): string | undefined => storage.getStore()?.header('x-name')

describe.each([
  ['Express 5', express],
  ['Express 4', express4 as unknown as typeof express],
])('%s', (_, framework) => {
  /** Asks an application between both halves, many times at once, and returns what was found of each request. */
  async function ask(routes: (app: Express) => void, body: string, type = 'application/json'): Promise<readonly unknown[]> {
    const app = framework()
    const failed: Array<string | undefined> = []
    app.use(baseline({ context: storage, trustedProxies: [] }))
    routes(app)
    app.use(problems({ report: () => failed.push(found()) }))
    const server = await serve(app)
    try {
      return await Promise.all(
        ['a', 'b', 'c', 'd', 'e'].map(async (name) => {
          const headers = { 'x-name': name, 'content-type': type }
          const response = await fetch(`http://127.0.0.1:${server.port}/`, { method: 'POST', headers, body })
          return response.status === 500 ? failed.includes(name) && name : response.json()
        }),
      )
    } finally {
      await server.close()
    }
  }

  // expressjs/express#4396, nodejs/node#33723: parsers that listen to a stream come back outside
  test.each([
    ['json', () => framework.json(), '{"a":1}', 'application/json'],
    ['urlencoded', () => framework.urlencoded({ extended: false }), 'a=1', 'application/x-www-form-urlencoded'],
    ['text', () => framework.text(), 'x'.repeat(300_000).slice(0, 90_000), 'text/plain'],
  ])('[HTTP-5] express#4396: a handler behind the parser %s finds its request', async (_name, parser, body, type) => {
    const answers = await ask(
      (app) => {
        app.use(parser())
        app.post('/', (_req, res) => void after(1).then(() => res.json(found())))
      },
      body,
      type,
    )
    expect(answers).toEqual(['a', 'b', 'c', 'd', 'e'])
  })

  const listening = (request: IncomingMessage, _response: unknown, next: () => void): void => {
    request.on('data', () => {})
    request.on('end', () => storage.exit(next)) // outside, whatever this version of Node keeps
  }

  test('[HTTP-5] behind a parser that loses everything, the next guard finds the request again, and so does what follows', async () => {
    const answers = await ask((app) => {
      app.use(listening)
      app.post(
        '/',
        guard((ctx) => (storage.getStore() === ctx ? ALLOW : { ok: false, reply: { status: 404 } })),
      )
      app.post('/', (_req, res) => void after(1).then(() => res.json(found())))
    }, 'x')
    expect(answers).toEqual(['a', 'b', 'c', 'd', 'e'])
  })

  test('[HTTP-5] behind a parser that loses everything, who reports an error finds the request again', async () => {
    const answers = await ask((app) => {
      app.use(listening)
      app.post('/', () => {
        throw new Error(`no, ${found()}`)
      })
    }, 'x')
    expect(answers).toEqual(['a', 'b', 'c', 'd', 'e'])
  })
})
