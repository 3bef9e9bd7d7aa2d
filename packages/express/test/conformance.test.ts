import { runHttpCase, tableOf } from '@wardstone/testkit/http'
import { expect, test } from 'vitest'
import { express4Host, expressHost } from './host.ts'

test.each(tableOf(expressHost).cases)('[HTTP-7] Express 5: $title', async (row) => {
  expect(await runHttpCase(expressHost, row)).toEqual(row.expect)
})

test.each(tableOf(express4Host).cases)('[HTTP-7] Express 4: $title', async (row) => {
  expect(await runHttpCase(express4Host, row)).toEqual(row.expect)
})
