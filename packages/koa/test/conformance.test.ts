import { runHttpCase, tableOf } from '@wardstone/testkit/http'
import { expect, test } from 'vitest'
import { koaHost } from './host.ts'

test.each(tableOf(koaHost).cases)('[HTTP-7] Koa 3: $title', async (row) => {
  expect(await runHttpCase(koaHost, row)).toEqual(row.expect)
})
