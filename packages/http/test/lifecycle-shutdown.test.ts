import { describe, expect, test } from 'vitest'
import { startApp, startLoad } from './lifecycle-child.ts'

const CLIENTS = 40
const TIMES = { drainDelay: '200ms', idleDelay: '5s' }

describe('SIGTERM under load', () => {
  test.each(['node', 'express', 'fastify', 'koa'])(
    '[POOL-4] on %s no request is lost',
    async (host) => {
      const app = await startApp(host, 'lifecycle', TIMES)
      const load = startLoad(app.port, CLIENTS)
      await load.reached(500)
      app.kill('SIGTERM')
      await load.over
      expect(load.lost).toEqual([])
      expect(load.refused).toBe(CLIENTS)
      expect(await app.ended).toBe(0)
      expect(app.lines).toContainEqual({ event: 'sys_shutdown', phase: 'done', reason: 'SIGTERM', cut: 0, unclosed: [] })
    },
    20_000,
  )

  test('server.close() and process.exit() lose requests', async () => {
    const app = await startApp('node', 'naive')
    const load = startLoad(app.port, CLIENTS)
    await load.reached(500)
    app.kill('SIGTERM')
    await load.over
    expect(load.lost.length).toBeGreaterThan(0)
  }, 20_000)
})
