import { afterAll, beforeAll, expect, test } from 'vitest'
import { start, type Started } from './start.ts'

let app: Started
beforeAll(async () => {
  app = await start()
})
afterAll(() => app.close())

async function post(path: string, body: string, type = 'application/json'): Promise<readonly [number, unknown]> {
  const answer = await fetch(app.origin + path, { method: 'POST', headers: { 'content-type': type }, body })
  return [answer.status, await answer.json()]
}

test.each([
  ['no JSON', '{"username":', 'application/json', 400, 'malformed_request'],
  ['poisoned JSON', '{"__proto__":{"roleId":2}}', 'application/json', 400, 'malformed_request'],
  ['a form', 'username=ana', 'application/x-www-form-urlencoded', 415, 'unsupported_media_type'],
  ['more than 100 KiB', JSON.stringify('x'.repeat(102_400)), 'application/json', 413, 'body_too_large'],
])('[HTTP-4] %s is refused', async (_, body, type, status, code) => {
  for (const path of ['/auth/signup', '/auth/login']) {
    expect(await post(path, body, type)).toEqual([
      status,
      expect.objectContaining({ type: `urn:wardstone:error:${code}`, status, code, requestId: expect.any(String) }),
    ])
  }
})

const GOOD = { username: 'zoe', email: 'zoe@example.com', password: 'Plum-Tree-41-North' }
const errors = (...list: readonly (readonly [pointer: string, code: string])[]): object[] =>
  list.map(([pointer, code]) => ({ pointer, code }))

test.each([
  ['an array', [], errors(['', 'expected_object'])],
  ['nothing', null, errors(['', 'expected_object'])],
  ['an empty object', {}, errors(['/username', 'required'], ['/email', 'required'], ['/password', 'required'])],
  ['a number for a text', { ...GOOD, username: 7 }, errors(['/username', 'expected_text'])],
  ['half a character', { ...GOOD, password: 'Plum-Tree-\ud800' }, errors(['/password', 'expected_text'])],
  ['a name of two letters', { ...GOOD, username: 'zo' }, errors(['/username', 'too_short'])],
  ['a username that looks like an email', { ...GOOD, username: 'zoe@x.org' }, errors(['/username', 'wrong_format'])],
  ['an email without a host', { ...GOOD, email: 'zoe@' }, errors(['/email', 'wrong_format'])],
  ['a long password', { ...GOOD, password: 'x'.repeat(129) }, errors(['/password', 'too_long'])],
  ['an empty first name', { ...GOOD, firstName: '' }, errors(['/firstName', 'too_short'])],
  ['unknown keys', { ...GOOD, roleId: 2, 'a/b~c': 1 }, errors(['/roleId', 'unknown_key'], ['/a~1b~0c', 'unknown_key'])],
])('a sign-up with %s is a 422 that says where', async (_, body, expected) => {
  expect(await post('/auth/signup', JSON.stringify(body))).toEqual([
    422,
    expect.objectContaining({ code: 'validation_failed', errors: expected }),
  ])
})

test('the longest password that is taken can be hashed, whatever its characters', async () => {
  // Three code points each once composed: no other character needs more bytes.
  const answer = await post('/auth/signup', JSON.stringify({ ...GOOD, password: '\ufb2c'.repeat(128) }))
  expect(answer[0]).toBe(201)
})

test('a login without a body is a 422', async () => {
  expect(await app.client().send('POST /auth/login')).toMatchObject({ status: 422 })
})

test('no path and no method that the application lacks is answered with anything but a 404', async () => {
  for (const request of ['GET /', 'GET /auth/login', 'DELETE /me', 'POST /admin/keys']) {
    expect(await app.client().send(request)).toMatchObject({ status: 404, body: { code: 'not_found' } })
  }
})

test('the server says that it is well', async () => {
  expect(await app.client().send('GET /healthz')).toMatchObject({ status: 200, body: { status: 'ok' } })
})
