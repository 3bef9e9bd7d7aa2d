import { runHttpCase, tableOf } from '@wardstone/testkit/http'
import { describe, expect, test } from 'vitest'
import { nodeHost } from './hosts/node.ts'
import { webHost } from './hosts/web.ts'

describe.each([nodeHost, webHost])('[HTTP-7] $name', (host) => {
  const { cases, unasked } = tableOf(host)

  test.each(cases)('$title', async (row) => {
    expect(await runHttpCase(host, row)).toEqual(row.expect)
  })

  test.skip.each(unasked)('$title - cannot be asked: $because', () => {})
})
