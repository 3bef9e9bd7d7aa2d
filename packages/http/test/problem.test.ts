import { WardstoneError } from '@wardstone/core'
import { deny, faultProblem, notFoundProblem, problem, requestIdKey } from '@wardstone/http'
import { expect, test } from 'vitest'
import { context } from './context.ts'

class Unavailable extends WardstoneError<'store_unavailable'> {
  readonly code = 'store_unavailable'
}

test('a problem says type, title, status, code and the id of the request', () => {
  const ctx = context()
  ctx.state.set(requestIdKey, 'the-id')
  const reply = problem(ctx, { status: 403, code: 'permission_denied' })
  expect(reply.headers).toEqual([
    ['content-type', 'application/problem+json'],
    ['cache-control', 'no-store'],
  ])
  expect(JSON.parse(String(reply.body))).toEqual({
    type: 'urn:wardstone:error:permission_denied',
    title: 'Forbidden',
    status: 403,
    code: 'permission_denied',
    requestId: 'the-id',
  })
})

test('[INPUT-3] a problem may say more: title, detail, errors by pointer, headers', () => {
  const errors = [{ pointer: '/email', code: 'invalid_email' }]
  const reply = problem(context(), {
    status: 422,
    code: 'invalid',
    title: 'No',
    detail: 'Mend it.',
    errors,
    headers: [['x-a', '1']],
  })
  expect(JSON.parse(String(reply.body))).toMatchObject({ title: 'No', detail: 'Mend it.', errors })
  expect(reply.headers).toContainEqual(['x-a', '1'])
})

test('deny is a refusal with the same code inside and outside', () => {
  const refused = deny(context(), { status: 429, code: 'rate_limited' })
  expect(refused).toMatchObject({ ok: false, code: 'rate_limited', reply: { status: 429 } })
  expect(JSON.parse(String(refused.reply.body))).toMatchObject({ code: 'rate_limited' })
})

test.each<[string, unknown, number, string]>([
  ['an error', new Error('s3cret'), 500, 'internal_error'],
  ['a text', 's3cret', 500, 'internal_error'],
  ['nothing', undefined, 500, 'internal_error'],
  ['null', null, 500, 'internal_error'],
  ['statusCode 404', { statusCode: 404, expose: true, message: 's3cret' }, 404, 'not_found'],
  ['status 413', { status: 413, expose: true }, 413, 'body_too_large'],
  ['status 418', { status: 418, expose: true }, 418, 'request_refused'],
  ['statusCode before status', { status: 404, statusCode: 400, expose: true }, 400, 'malformed_request'],
  ['status 200', { status: 200, expose: true }, 500, 'internal_error'],
  ['status 399', { status: 399, expose: true }, 500, 'internal_error'],
  ['status 502', { status: 502, expose: true }, 500, 'internal_error'],
  ['status 400.5', { status: 400.5, expose: true }, 500, 'internal_error'],
  [
    'a status that throws',
    Object.defineProperty({ expose: true }, 'statusCode', { get: () => JSON.parse('') }),
    500,
    'internal_error',
  ],
  ['status as text', { status: '404', expose: true }, 500, 'internal_error'],
  ['an error of Fastify', { statusCode: 415, code: 'FST_ERR_CTP_INVALID_MEDIA_TYPE' }, 415, 'unsupported_media_type'],
  ['a path that cannot be decoded', Object.assign(new URIError('%zz'), { status: 400 }), 400, 'malformed_request'],
  // What an HTTP client throws when somebody else answered so.
  ['the status of another server', Object.assign(new Error('x'), { status: 401, response: {} }), 500, 'internal_error'],
  ['a fault of ours', new Unavailable('s3cret'), 500, 'internal_error'],
  ['a fault of ours that may pass', new Unavailable('s3cret', { retryable: true }), 503, 'store_unavailable'],
])('a fault: %s', (_, error, status, code) => {
  const reply = faultProblem(context(), error)
  expect(reply.status).toBe(status)
  expect(JSON.parse(String(reply.body))).toMatchObject({ status, code })
  expect(String(reply.body)).not.toContain('s3cret')
})

test.each([
  [undefined, undefined],
  [1, '1'],
  [1000, '1'],
  [1001, '2'],
])('a fault that may pass in %s ms says Retry-After: %s', (retryAfterMs, header) => {
  const reply = faultProblem(context(), new Unavailable('x', { retryable: true, retryAfterMs }))
  expect(new Map(reply.headers).get('retry-after')).toBe(header)
})

test('what was refused unread ends the connection', () => {
  const closing = [400, 413, 415].map((statusCode) =>
    new Map(faultProblem(context(), { statusCode, expose: true }).headers).get('connection'),
  )
  expect(closing).toEqual(['close', 'close', 'close'])
  expect(new Map(faultProblem(context(), { statusCode: 404, expose: true }).headers).get('connection')).toBe(undefined)
})

test.each<[string, unknown, ReadonlyArray<readonly [string, string]>]>([
  [
    'of the client',
    { 'Retry-After': 7, 'WWW-Authenticate': 'Basic' },
    [
      ['retry-after', '7'],
      ['www-authenticate', 'Basic'],
    ],
  ],
  ['of anything else', { 'set-cookie': 'a=1', 'content-type': 'text/html', server: 'x' }, []],
  ['that cannot be sent', { allow: 'GET\r\na: b', 'retry-after': ['1'], 'content-range': '' }, []],
  ['of a wrong shape', 'allow', []],
  ['that are null', null, []],
])('headers %s on an error that is meant for the client', (_, headers, expected) => {
  const lines = faultProblem(context(), { statusCode: 404, expose: true, headers }).headers
  expect(lines?.filter(([name]) => name !== 'cache-control').slice(1)).toEqual(expected)
  expect(faultProblem(context(), { statusCode: 404, headers }).headers?.length).toBe(2)
})

test('not found is a 404', () => {
  expect(notFoundProblem(context()).status).toBe(404)
})
