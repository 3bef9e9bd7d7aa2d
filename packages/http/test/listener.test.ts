import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { ALLOW, jsonReply, principalKey } from '@wardstone/http'
import { contextOf, endpoint, guard, listener, principal, type NodeHandler } from '@wardstone/http/node'
import { expect, test } from 'vitest'

async function ask(handlers: readonly NodeHandler[], report: (error: unknown) => void = () => {}): Promise<Response> {
  const server = createServer(listener(handlers, { problems: { report } })).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/a`)
  const whole = new Response(await response.text(), response)
  server.close()
  server.closeAllConnections()
  return whole
}

test('handlers run in order until one answers, with the headers of baseline', async () => {
  const ana = { id: 'ana', roles: [], claims: {} }
  const response = await ask([
    guard((ctx) => (ctx.state.set(principalKey, ana), ALLOW)),
    (_request, _response, next) => next(),
    (request, response) => void response.end(`${contextOf(request).path} ${principal(request)?.id}`),
    () => expect.unreachable(),
  ])
  expect([await response.text(), response.headers.get('x-frame-options')]).toEqual(['/a ana', 'DENY'])
})

test('what nobody answers is a 404', async () => {
  expect((await ask([])).status).toBe(404)
})

test.each<[string, NodeHandler]>([
  [
    'throws',
    () => {
      throw new Error('inner')
    },
  ],
  ['passes an error', (_request, _response, next) => next(new Error('inner'))],
  ['rejects', endpoint(() => Promise.reject(new Error('inner')))],
  [
    'rejects by itself, after an await',
    async () => {
      await Promise.resolve()
      throw new Error('inner')
    },
  ],
])('a handler that %s is a 500, and those after it are not asked', async (_, handler) => {
  const reported: unknown[] = []
  const response = await ask([handler, endpoint(() => jsonReply(200, {}))], (error) => reported.push((error as Error).message))
  expect([response.status, response.headers.get('content-type')]).toEqual([500, 'application/problem+json'])
  expect(reported).toEqual(['inner'])
})

test('null is no error: the next handler is asked', async () => {
  const response = await ask([(_request, _response, next) => next(null), endpoint(() => jsonReply(200, {}))])
  expect(response.status).toBe(200)
})

test('a listener does not start with a wrong option', () => {
  expect(() => listener([], { baseline: { trustedProxies: ['everybody'] } })).toThrow(/^baseline: trustedProxies/)
  expect(() => listener([], { problems: { report: 1 } as object })).toThrow(/^problems: report/)
})
