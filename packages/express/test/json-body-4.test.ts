import { httpCases, runHttpCase } from '@wardstone/testkit/http'
import { expect, test, vi } from 'vitest'
import { express4Host } from './host.ts'

// `jsonBody` takes the Express that the application has; here that is 4, whose parser is another.
vi.mock('express', () => import('express4'))

const cases = httpCases.filter(({ title }) => title.startsWith('the parser: ') || title.endsWith(': the parser'))

test.each(cases)('[HTTP-7] Express 4 with its own parser, $title', async (row) => {
  expect(await runHttpCase(express4Host, row)).toEqual(row.expect)
})

test('the parser of Express 4 is asked', async () => {
  const { default: express } = (await import('express')) as unknown as {
    default: { readonly application: { readonly del?: unknown } }
  }
  expect([cases.length > 40, typeof express.application.del]).toEqual([true, 'function']) // gone in 5
})
