import { httpCases, runHttpCase } from '@wardstone/testkit/http'
import { expect, test } from 'vitest'
import { expressHost } from '../../express/test/host.ts'
import { fastifyHost } from './host.ts'

test.each(httpCases)('[HTTP-7] Express and Fastify say the same: $title', async (row) => {
  const [onExpress, onFastify] = await Promise.all([runHttpCase(expressHost, row), runHttpCase(fastifyHost, row)])
  expect(onFastify).toEqual(onExpress)
})
