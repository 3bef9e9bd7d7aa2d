import { baseline, explain, runner, type BaselineOptions, type HttpContext, type Outcome } from '@wardstone/http'
import { expect, test } from 'vitest'
import { context } from './context.ts'

/** What baseline makes of a POST with these headers. */
function ask(
  headers: Record<string, string>,
  options?: BaselineOptions,
): { readonly ctx: HttpContext; readonly outcome: Outcome } {
  const ctx = context({ method: 'POST', headers })
  return { ctx, outcome: runner([baseline(options)])(ctx) as Outcome }
}

const statusOf = (headers: Record<string, string>, options?: BaselineOptions): number | undefined =>
  ask(headers, options).outcome.refused?.reply.status

// `Number` takes each of these for a number, or for one that is not above any limit (NaN).
test.each(['', ' ', '-1', '+1', '1.5', '1e3', '0x10', '1_000', '١', '5, 5', '5,6', '1 2', 'Infinity', 'NaN', '9'.repeat(16)])(
  '[HTTP-4] a content-length that is no number is a 400: "%s"',
  (length) => {
    expect(statusOf({ 'content-length': length })).toBe(400)
  },
)

test.each([
  ['0', undefined],
  ['007', undefined],
  ['1048576', undefined],
  ['1048577', 413],
  ['9'.repeat(15), 413],
])('[HTTP-4] a body of %s bytes is announced: %s', (length, status) => {
  expect(statusOf({ 'content-length': length })).toBe(status)
})

test('[HTTP-4] the ceiling is what the application says', () => {
  expect([
    statusOf({ 'content-length': '11' }, { bodyLimit: 10 }),
    statusOf({ 'content-length': '10' }, { bodyLimit: 10 }),
  ]).toEqual([413, undefined])
})

test('[HTTP-4] a refusal ends the connection, keeps the headers of baseline, and says why to the operator alone', () => {
  const { ctx, outcome } = ask({ 'content-length': '11' }, { bodyLimit: 10 })
  const headers = new Map(outcome.refused?.reply.headers)
  expect([headers.get('connection'), headers.get('x-content-type-options')]).toEqual(['close', 'nosniff'])
  expect(explain(ctx)).toEqual({
    code: 'body_too_large',
    status: 413,
    why: "content-length is 11, above the 10 of baseline's bodyLimit, which no route exceeds",
  })
  expect(String(outcome.refused?.reply.body)).not.toContain('bodyLimit')
})

test('[HTTP-4] what was sent as a length is cut before it is told', () => {
  const { ctx } = ask({ 'content-length': 'x'.repeat(10_000) })
  expect(explain(ctx)?.why?.length).toBeLessThan(200)
})

// A limit that cannot be read must not become no limit (body-parser, CVE-2026-12590).
test.each([Number.NaN, '1mb', '1048576', 0, -1, 1.5, Number.POSITIVE_INFINITY, null, {}])(
  '[HTTP-4] baseline does not start with the ceiling %s',
  (bodyLimit) => {
    expect(() => baseline({ bodyLimit } as object)).toThrow(/^baseline: bodyLimit: expected a whole number/)
  },
)
