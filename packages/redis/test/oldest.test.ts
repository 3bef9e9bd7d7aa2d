import { createRequire } from 'node:module'
import { describe, expect, it } from 'vitest'
import { available, startCluster, startProcesses, startRedis } from '@wardstone/testkit/servers'
import { later } from './kit.ts'
import type { Input } from './scripts/oldest.ts'

const require = createRequire(import.meta.url)

describe.skipIf(!(await available('redis-server')))('the oldest ioredis', () => {
  it('is the one that the package promises', () => {
    const { version } = require('ioredis5/package.json') as { version: string }
    const { peerDependencies } = require('../package.json') as { peerDependencies: Record<string, string> }
    expect(peerDependencies['ioredis']).toBe(`^${version.replace(/\.0$/, '')} || ^6`)
  })

  it('does as the newest', { timeout: 30_000 }, async () => {
    const [server, cluster] = [await startRedis(), await startCluster()]
    later(() => Promise.all([server.stop(), cluster.stop()]))
    const nodes = cluster.nodes.map(({ host, port }) => ({ host, port }))
    const input: Input = { url: server.url, word: 'oldest', nodes }
    const crew = await startProcesses(new URL('./scripts/oldest.ts', import.meta.url), [input])
    later(() => crew.stop())
    const [answer] = await crew.results<Record<string, unknown>>()
    expect(answer).toEqual({
      counts: Array.from({ length: 50 }, (_, i) => i + 1),
      news: ['hello'],
      entries: [['1-1', 'value']],
      keys: ['oldest:count', 'oldest:stream'],
      ready: true,
      ended: ['rejected', 'fulfilled'],
      ran: ['1', '2'],
      ofNodes: Array.from({ length: 100 }, () => [1, 1]),
    })
  })
})
