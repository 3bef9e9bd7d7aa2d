import { once } from 'node:events'
import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'
import { runner, type Guard, type Outcome } from '@wardstone/http'
import { guard, listener, type NodeHandler } from '@wardstone/http/node'
import { serve } from '@wardstone/testkit/http'
import { expect, onTestFinished, test } from 'vitest'
import { context } from './context.ts'

const bad = (async () => {
  throw new Error('nobody hears of this')
}) as never

/** What would have ended the process. */
function rejections(): readonly unknown[] {
  const unhandled: unknown[] = []
  const note = (reason: unknown): unknown => unhandled.push(reason)
  process.on('unhandledRejection', note)
  onTestFinished(() => void process.off('unhandledRejection', note))
  return unhandled
}

const turn = (): Promise<unknown> => new Promise((resolve) => setImmediate(resolve))
const answer: NodeHandler = (_request, response) => void response.end('answered')

test.each<[hook: string, handlers: readonly NodeHandler[], report: undefined, status: number]>([
  ['closed', [guard(() => ({ ok: true, closed: bad })), answer], undefined, 200],
  ['head', [guard(() => ({ ok: true, head: bad })), answer], undefined, 200],
  ['report', [guard(() => { throw new Error('fault') })], bad, 500], // prettier-ignore
])('a %s hook that rejects later ends neither the response nor the process', async (_, handlers, report, status) => {
  const unhandled = rejections()
  const over = Promise.withResolvers<void>()
  const ending: NodeHandler = (_request, response, next) => {
    response.once('close', () => over.resolve())
    next()
  }
  const { port, close } = await serve(listener([ending, ...handlers], { problems: { report: report ?? (() => {}) } }))
  onTestFinished(close)
  expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(status)
  await over.promise
  await turn()
  expect(unhandled).toEqual([])
})

test('a guard of another library’s promises is awaited, and what rejects is a fault', async () => {
  const later = (settle: (resolve: (value: unknown) => void, reject: (reason: Error) => void) => void): Guard =>
    (() => ({ ok: true, then: settle })) as unknown as Guard
  const refusing = later((resolve) => resolve({ ok: false, reply: { status: 403 } }))
  const failing = later((_, reject) => reject(new Error('no database')))
  expect(await runner([refusing])(context())).toMatchObject({ refused: { reply: { status: 403 } } })
  expect(((await runner([failing])(context())) as Outcome).fault?.message).toBe('no database')
})

test('a handler of plain node:http that rejects in another library’s way is answered', async () => {
  const failing = (() => ({ then: (_: unknown, reject: (reason: Error) => void) => reject(new Error('no')) })) as never
  const server = createServer(listener([failing], { problems: { report: () => {} } })).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const { port } = server.address() as { readonly port: number }
  const response = await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } })
  expect([response.status, await text(response.body!)]).toEqual([500, expect.stringContaining('internal_error')])
})
