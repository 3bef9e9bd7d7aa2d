import { createServer } from 'node:http'
import { createLifecycle } from '@wardstone/http/lifecycle'
import { expect, test } from 'vitest'
import { turn, watched } from './lifecycle-hand.ts'

test('[POOL-4] nothing is installed until it is asked for, and what was is taken away again', () => {
  const listeners = (): number[] =>
    ['SIGTERM', 'SIGINT', 'uncaughtException', 'unhandledRejection'].map((event) => process.listenerCount(event))
  const before = listeners()
  const lifecycle = createLifecycle()
  expect(listeners()).toEqual(before)
  const offs = [lifecycle.handleSignals(), lifecycle.handleCrashes()]
  expect(listeners()).toEqual(before.map((count) => count + 1))
  for (const off of offs) off()
  expect(listeners()).toEqual(before)
})

test('[POOL-4] shutting down is one thing, however often it is asked for, also by who is told of it', async () => {
  const { options, events } = watched()
  let closed = 0
  const lifecycle = createLifecycle({
    ...options,
    events(event) {
      events.push(event)
      void lifecycle.shutdown('again')
    },
  })
  lifecycle.onClose('pool', () => void closed++)
  const both = [lifecycle.shutdown('deploy'), lifecycle.shutdown('SIGTERM')]
  expect(both[0]).toBe(both[1])
  expect(await both[0]).toEqual({ reason: 'deploy', cut: 0, unclosed: [], clean: true })
  expect(closed).toBe(1)
  expect(events.map(({ data }) => data)).toMatchObject([{ phase: 'begun' }, { phase: 'done' }])
})

test('[POOL-4] it goes on serving for drainDelay, and only then tells streams', async () => {
  const { options, time } = watched()
  const lifecycle = createLifecycle({ ...options, drainDelay: '5s' })
  const server = createServer()
  lifecycle.attach(server)
  lifecycle.attach(server)
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const told: string[] = []
  lifecycle.onDrain(() => void told.push('first'))
  lifecycle.onDrain(() => {
    throw new Error('one that fails')
  })
  lifecycle.onDrain(() => void told.push('left'))()
  const ended = lifecycle.shutdown()
  await turn()
  await time.pass(4_999)
  expect([server.listening, told]).toEqual([true, []])
  await time.pass(1)
  await turn()
  expect([server.listening, told]).toEqual([false, ['first']])
  await ended
  lifecycle.onDrain(() => void told.push('late'))
  expect(told).toEqual(['first', 'late'])
  expect(time.waiting.size).toBe(0)
})

test('[POOL-4] closers run one after the other, the last first, each with its own time; all together have an end', async () => {
  const { options, time, events, reported } = watched()
  const lifecycle = createLifecycle({ ...options, timeout: '10s', closeTimeout: '4s' })
  const called: string[] = []
  const closer = (name: string, result: () => unknown, timeout?: '1s' | '20s'): (() => void) =>
    lifecycle.onClose(
      name,
      () => {
        called.push(name)
        return result()
      },
      { timeout },
    )
  const hang = (): Promise<never> => new Promise(() => {})
  closer('log', () => {})
  closer('forever', hang, '20s')
  closer('quick to give up', hang, '1s')
  closer('broken', () => Promise.reject(new Error('no connection')))
  closer('gone', () => {})()
  closer('cache', () => {})
  const ended = lifecycle.shutdown()
  await turn()
  await turn()
  expect(called).toEqual(['cache', 'broken', 'quick to give up'])
  await time.pass(1_000)
  expect(called).toEqual(['cache', 'broken', 'quick to give up', 'forever'])
  await time.pass(8_999)
  expect(called).toHaveLength(4)
  await time.pass(1)
  const unclosed = ['broken', 'quick to give up', 'forever']
  expect(await ended).toEqual({ reason: 'shutdown', cut: 0, unclosed, clean: false })
  expect(called.at(-1)).toBe('log')
  expect(reported).toEqual([new Error('no connection')])
  expect(events.at(-1)).toMatchObject({ name: 'sys_shutdown', severity: 'warn', data: { unclosed } })
})
