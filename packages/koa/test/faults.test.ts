import type { RequestListener } from 'node:http'
import { generateSecret, secretRing } from '@wardstone/core'
import { baseline, problems } from '@wardstone/koa'
import { serve } from '@wardstone/testkit/http'
import Koa from 'koa'
import { expect, onTestFinished, test } from 'vitest'

async function served(app: { callback(): RequestListener }): Promise<string> {
  const running = await serve(app.callback())
  onTestFinished(() => running.close())
  return `http://127.0.0.1:${running.port}`
}

const hostile = new Proxy(
  {},
  {
    get: () => fail(),
    has: () => fail(),
  },
)

test.each([
  ['undefined', undefined],
  ['null', null],
  ['what throws at whoever looks at it', hostile],
])('a handler that throws %s has failed, too', async (_, thrown) => {
  const reported: unknown[] = []
  const app = new Koa().use(baseline()).use(problems({ report: (error) => reported.push(error) }))
  app.use(() => {
    throw thrown
  })
  const response = await fetch(await served(app))
  expect([response.status, await response.json()]).toMatchObject([500, { code: 'internal_error' }])
  expect(response.headers.get('content-security-policy')).toContain("default-src 'self'")
  expect(reported).toHaveLength(1)
})

test('[HTTP-7] what baseline fails at is told to a boundary outside of it, else to the application', async () => {
  const [reported, emitted]: unknown[][] = [[], []]
  const failing = baseline({ csrf: { token: { secrets: secretRing({ current: generateSecret() }), session: fail } } })
  const inside = new Koa().use(failing).use(problems({ report: (error) => reported!.push(error) }))
  const outside = new Koa().use(problems({ report: (error) => reported!.push(error) })).use(failing)
  for (const app of [inside, outside]) {
    app.on('error', (error) => emitted!.push(error))
    const response = await fetch(await served(app), { method: 'POST', headers: { 'sec-fetch-site': 'same-origin' } })
    expect([response.status, response.headers.get('content-type')]).toEqual([500, 'application/problem+json'])
    expect(response.headers.get('x-request-id')).not.toBe(null)
  }
  expect([reported, emitted]).toEqual([[FAULT], [FAULT]])
})

const FAULT = new Error('no session')
function fail(): never {
  throw FAULT
}
