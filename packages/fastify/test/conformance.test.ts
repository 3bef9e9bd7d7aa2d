import { runHttpCase, tableOf } from '@wardstone/testkit/http'
import { expect, test } from 'vitest'
import { fastifyHost } from './host.ts'

test.each(tableOf(fastifyHost).cases)('[HTTP-7] Fastify 5: $title', async (row) => {
  expect(await runHttpCase(fastifyHost, row)).toEqual(row.expect)
})
