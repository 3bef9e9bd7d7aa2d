import { expect, test, vi } from 'vitest'
import { ask, startApp } from './lifecycle-child.ts'

// Each starts a process, which takes its time where everything else runs at once.
vi.setConfig({ testTimeout: 30_000 })

const failure = (error: unknown): unknown => (error as NodeJS.ErrnoException).code

test('[POOL-4] on SIGTERM event streams are told and end, and what was opened is closed, the last first', async () => {
  const app = await startApp('node', 'lifecycle')
  const stream = ask(app.port, '/events')
  await app.said({ requested: '/events' })
  app.kill('SIGTERM')
  expect((await stream).body).toBe('data: hello\n\nevent: bye\n\n')
  expect(await app.ended).toBe(0)
  expect(app.lines.filter((line) => 'closed' in line)).toEqual([{ closed: 'last' }, { closed: 'first' }])
})

test('[POOL-4] a handler that hangs is cut in time, others are answered, and the exit code tells', async () => {
  const app = await startApp('node', 'lifecycle', { timeout: '700ms', closeTimeout: '200ms' })
  const hung = ask(app.port, '/hang').catch(failure)
  const slow = ask(app.port, '/slow')
  await app.said({ requested: '/hang' })
  await app.said({ requested: '/slow' })
  app.kill('SIGINT')
  expect(await slow).toMatchObject({ status: 200, connection: 'close' })
  expect(await hung).toBe('ECONNRESET')
  expect(await app.ended).toBe(1)
  expect(app.lines).toContainEqual({ event: 'sys_shutdown', phase: 'done', reason: 'SIGINT', cut: 1, unclosed: [] })
})

test('[POOL-4] a closer that hangs keeps neither the others nor the process', async () => {
  const app = await startApp('node', 'hung closer', { timeout: '1s', closeTimeout: '200ms' })
  app.kill('SIGTERM')
  expect(await app.ended).toBe(1)
  expect(app.lines.filter((line) => 'closed' in line)).toEqual([{ closed: 'last' }, { closed: 'first' }])
  expect(app.lines).toContainEqual(expect.objectContaining({ phase: 'done', cut: 0, unclosed: ['hung'] }))
})

test('[POOL-4] what nobody closes keeps the process for a second only', async () => {
  const app = await startApp('node', 'kept alive')
  app.kill('SIGTERM')
  expect(await app.ended).toBe(0)
})

test('[POOL-4] a second signal ends at once', async () => {
  const app = await startApp('node', 'lifecycle', { timeout: '60s' })
  const hung = ask(app.port, '/hang').catch(failure)
  await app.said({ requested: '/hang' })
  app.kill('SIGINT')
  await app.said({ event: 'sys_shutdown' })
  app.kill('SIGINT') // the same Ctrl+C, sent on by a package manager
  const again = setInterval(() => app.kill('SIGINT'), 50)
  expect(await app.ended).toBe(130)
  clearInterval(again)
  expect(await hung).toBe('ECONNRESET')
})

test.each([
  ['/crash', 'uncaughtException', 'Error', 'Error: nobody catches this'],
  ['/reject', 'unhandledRejection', 'TypeError', 'TypeError: nobody takes this'],
])('[AUD-7] after %s requests in flight are answered, and the process ends with 1', async (path, origin, error, reported) => {
  const app = await startApp('node', 'lifecycle', { crashTimeout: '1s' })
  const paths = Array.from({ length: 10 }, (_, i) => `/slow/${i}`)
  const slow = paths.map((each) => ask(app.port, each))
  for (const requested of paths) await app.said({ requested })
  const cause = ask(app.port, path).catch(failure)
  for (const { status, connection } of await Promise.all(slow)) expect([status, connection]).toEqual([200, 'close'])
  expect(await cause).toBe('ECONNRESET')
  expect(await app.ended).toBe(1)
  expect(app.lines).toContainEqual({ event: 'sys_crash', origin, error, crashes: 1 })
  expect(app.lines).toContainEqual({ reported })
  expect(app.lines).toContainEqual({ event: 'sys_shutdown', phase: 'done', reason: 'crash', cut: 1, unclosed: [] })
})

test('[AUD-7] an application that crashes again and again ends all the same, and says so ten times', async () => {
  const app = await startApp('node', 'crash loop', { crashTimeout: '1s' })
  const cause = ask(app.port, '/crash').catch(failure)
  expect(await cause).toBe('ECONNRESET')
  expect(await app.ended).toBe(1)
  expect(app.lines.filter(({ event }) => event === 'sys_crash')).toHaveLength(10)
})

test('[AUD-7] a report that fails is not the next crash', async () => {
  const app = await startApp('node', 'broken report', { crashTimeout: '1s' })
  await ask(app.port, '/crash').catch(failure)
  expect(await app.ended).toBe(1)
  expect(app.lines.filter(({ event }) => event === 'sys_crash')).toHaveLength(1)
})

test('[AUD-7] a crash while the process ends shortens the wait, and the exit code tells', async () => {
  const app = await startApp('node', 'lifecycle', { timeout: '90s', crashTimeout: '400ms', drainDelay: '60s' })
  app.kill('SIGTERM')
  await app.said({ event: 'sys_shutdown' })
  expect(await ask(app.port, '/crash').catch(failure)).toBe('ECONNRESET')
  expect(await app.ended).toBe(1)
  expect(app.lines).toContainEqual(expect.objectContaining({ event: 'sys_shutdown', phase: 'done', reason: 'SIGTERM', cut: 1 }))
})
