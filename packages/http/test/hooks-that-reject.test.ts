import { runner, type Guard } from '@wardstone/http'
import { guard, listener, type NodeHandler } from '@wardstone/http/node'
import { serve } from '@wardstone/testkit/http'
import { expect, onTestFinished, test } from 'vitest'
import { failing, finding } from '../../core/test/query.ts'
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
  const running = await serve(listener([ending, ...handlers], { problems: { report: report ?? (() => {}) } }))
  onTestFinished(() => running.close())
  expect((await fetch(`http://127.0.0.1:${running.port}/`)).status).toBe(status)
  await over.promise
  await turn()
  expect(unhandled).toEqual([])
})

test('a guard of another library’s promises is awaited, and what rejects is a fault', async () => {
  const answering = (query: object): Guard => (() => Object.assign(query, { ok: true })) as unknown as Guard
  const refused = { ok: false, reply: { status: 403 } }
  expect(await runner([answering(finding(refused))])(context())).toMatchObject({ refused })
  expect((await runner([answering(failing('no database'))])(context())).fault?.message).toBe('no database')
})

test('a handler of plain node:http that rejects in another library’s way is answered', async () => {
  const running = await serve(listener([(() => failing('no')) as never], { problems: { report: () => {} } }))
  onTestFinished(() => running.close())
  const response = await fetch(`http://127.0.0.1:${running.port}/`)
  expect([response.status, await response.json()]).toMatchObject([500, { code: 'internal_error' }])
})
