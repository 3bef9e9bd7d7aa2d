import { httpCases, runHttpCase } from '@wardstone/testkit/http'
import { expect, test } from 'vitest'
import { expressHost } from './host.ts'

test.each(httpCases)('[HTTP-7] Express: $title', async (row) => {
  expect(await runHttpCase(expressHost, row)).toEqual(row.expect)
})
