import { httpCases, runHttpCase, sorted, type HttpHost } from '@wardstone/testkit/http'
import { expect, test } from 'vitest'
import { express4Host, expressHost } from '../../express/test/host.ts'
import { fastifyHost } from '../../fastify/test/host.ts'
import { koaHost } from '../../koa/test/host.ts'
import { nodeHost } from './hosts/node.ts'
import { webHost } from './hosts/web.ts'

const hosts = [nodeHost, expressHost, express4Host, fastifyHost, koaHost, webHost]

const differs = (host: HttpHost, title: string): boolean => host.differences?.some((one) => one.title === title) ?? false

test.each(httpCases)('[HTTP-7] all hosts say the same: $title', async (row) => {
  const asked = hosts.filter((host) => !differs(host, row.title))
  const [first, ...others] = await Promise.all(asked.map(async (host) => [host, await runHttpCase(host, row)] as const))
  for (const [host, said] of others) {
    const [a, b] = host.sortsHeaders === true ? [said, sorted(first![1])] : [said, first![1]]
    expect(a, host.name).toEqual(b)
  }
  expect(asked.length, 'hosts that agree').toBeGreaterThanOrEqual(5)
})

test('[HTTP-7] what differs, counted by host', () => {
  expect(hosts.map(({ name, differences = [] }) => [name, differences.length])).toEqual([
    ['node:http', 0],
    ['Express 5', 0],
    ['Express 4', 0],
    ['Fastify 5', 2],
    ['Koa 3', 2],
    ['Request', 3],
  ])
})
