import { ALLOW, clientFacts, deny, jsonReply, principalKey, type Endpoint, type Guard } from '@wardstone/http'
import { baseline, contextOf, endpoint, guard, principal, problems } from '@wardstone/http/web'
import { expect, test, vi } from 'vitest'

const URL = 'https://app.test/posts/1?q=2'
const quiet = { report: () => {} }

test('what a request does not tell, its host does, and baseline decides by it', async () => {
  const request = new Request(URL, { headers: { 'x-forwarded-for': '203.0.113.7', 'user-agent': 't/1' } })
  const response = await baseline({ trustedProxies: ['10.0.0.0/8'] })(
    request,
    () => {
      const ctx = contextOf(request, { route: '/posts/:id', params: { id: '1' } })
      return Response.json([clientFacts(ctx).ip, ctx.secure, ctx.path, ctx.route, ctx.param('id'), ctx.param('constructor')])
    },
    { ip: '::ffff:10.0.0.1' },
  )
  expect(await response.json()).toEqual(['203.0.113.7', true, '/posts/1', '/posts/:id', '1', null])
  expect(response.headers.get('strict-transport-security')).toBe('max-age=31536000; includeSubDomains')
})

test.each([
  [{}, undefined, true],
  [{ ip: '192.0.2.1', secure: false }, '192.0.2.1', false],
  [{ ip: 'no address' }, undefined, true],
])('before baseline, %j counts', (facts, ip, secure) => {
  const ctx = contextOf(new Request(URL), facts)
  expect([ctx.ip, ctx.secure]).toEqual([ip, secure])
})

test.each([
  ['a=1; sid=2', '2'],
  ['a=1, sid=2', undefined], // two lines that a runtime joined, or one cookie with a comma in it
  ['sid=1; b=2, sid=3', undefined],
  ['sid=1, b=2', undefined],
  ['sid=1,2', '1,2'],
])('the cookies %j hold the sid %j', (cookie, sid) => {
  expect(contextOf(new Request(URL, { headers: { cookie } })).cookie('sid')).toBe(sid)
})

test.each(['authorization', 'origin', 'host'] as const)('two values of %s that were joined are none', (name) => {
  const headers = new Headers([[name, 'a']])
  expect(contextOf(new Request(URL, { headers })).header(name)).toBe('a')
  headers.append(name, 'b')
  expect(contextOf(new Request(URL, { headers })).header(name)).toBe(undefined)
})

test('principal tells whom a guard has found', async () => {
  const request = new Request(URL)
  expect(principal(request)).toBe(undefined)
  const found = guard((ctx) => (ctx.state.set(principalKey, { id: 'ana', roles: [], claims: {} }), ALLOW))
  await found(request, () => new Response())
  expect(principal(request)?.id).toBe('ana')
})

const post = (init: RequestInit): Request => new Request(URL, { method: 'POST', ...init })
const json = { 'content-type': 'application/json' }
const echo = endpoint((_ctx, body) => jsonReply(200, { body: body ?? null }), { bodyLimit: 10 })

test.each<[string, Request, number]>([
  ['a body whose length no header says', post({ headers: json, body: '{"a":1}' }), 200],
  ['an empty one', post({ headers: json, body: '' }), 200],
  ['none', post({ headers: json }), 200],
  ['one that is too large', post({ headers: json, body: '{"a":12345}' }), 413],
  ['one that is no JSON', post({ headers: json, body: '{' }), 400],
  ['one without a type', post({ body: new Blob(['{}']) }), 415],
  ['a form', post({ body: new URLSearchParams('a=1') }), 415],
])('[HTTP-4] an endpoint reads %s', async (_, request, status) => {
  expect((await echo(request)).status).toBe(status)
})

test('a body that was read before is a fault, not an empty one', async () => {
  const request = post({ headers: json, body: '{}' })
  await request.text()
  await expect(echo(request)).rejects.toThrow('The body of the request was read before its endpoint')
})

test('a guard alone puts its headers on the response: the own ones win, cookies are added, Vary is united', async () => {
  const send: Guard = () => ({
    ok: true,
    headers: [
      ['x-own', 'guard'],
      ['x-guard', '1'],
      ['set-cookie', 'a=1'],
      ['vary', 'Origin'],
    ],
    head: (view) => [['x-seen', `${view.status} ${view.header('x-own')}`]],
  })
  const own = new Response('x', {
    status: 202,
    statusText: 'Fine',
    headers: { 'x-own': 'own', 'set-cookie': 'b=2', vary: 'Cookie' },
  })
  const response = await guard(send)(new Request(URL), () => own)
  expect([response.status, response.statusText, await response.text()]).toEqual([202, 'Fine', 'x'])
  expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2'])
  const values = ['x-own', 'x-guard', 'vary', 'x-seen'].map((name) => response.headers.get(name))
  expect(values).toEqual(['own', '1', 'Origin, Cookie', '202 own'])
})

test('a response that nobody may change is copied', async () => {
  const response = await baseline()(new Request(URL), () => Response.redirect('https://app.test/login'))
  expect([response.status, response.headers.get('location')]).toEqual([302, 'https://app.test/login'])
  expect(response.headers.get('x-frame-options')).toBe('DENY')
})

test('an upgrade passes untouched: no other response can stand for it', async () => {
  const upgrade = Object.defineProperty(new Response(), 'status', { value: 101 })
  expect(await baseline()(new Request(URL), () => upgrade)).toBe(upgrade)
})

test('what no route answers is undefined outside the boundary, and a 404 inside', async () => {
  const [nothing, request] = [() => undefined, new Request(URL)]
  expect(await guard(() => ALLOW)(request, nothing)).toBe(undefined)
  expect((await problems()(new Request(URL), nothing)).status).toBe(404)
})

test('the boundary keeps the headers of baseline, whichever stands outside, and forgets what described a body', async () => {
  const [base, boundary] = [baseline({ headers: { override: { expires: '0' } } }), problems(quiet)]
  const fail = (): never => {
    throw new Error('inner')
  }
  const [one, two] = [new Request(URL), new Request(URL)]
  for (const response of [await base(one, () => boundary(one, fail)), await boundary(two, () => base(two, fail))]) {
    expect([response.status, response.headers.get('content-type')]).toEqual([500, 'application/problem+json'])
    expect([response.headers.get('x-frame-options'), response.headers.get('expires')]).toEqual(['DENY', null])
    expect(response.headers.get('x-request-id')).toBe(((await response.json()) as { readonly requestId: string }).requestId)
  }
})

test('without a reporter, a 500 is printed', async () => {
  const print = vi.spyOn(console, 'error').mockReturnValue()
  const error = new Error('inner')
  await problems()(new Request(URL), () => Promise.reject(error))
  expect(print.mock.calls).toEqual([[error]])
  print.mockRestore()
})

/** A guard that keeps what its closed hook was told. */
function watch(): { readonly ends: unknown[]; readonly guard: Guard } {
  const ends: unknown[] = []
  return { ends, guard: () => ({ ok: true, closed: (end) => ends.push(end.status) }) }
}

test('closed runs when the body was taken to its end, and not before', async () => {
  const { ends, guard: watched } = watch()
  const response = await guard(watched)(new Request(URL), () => new Response('body', { status: 201 }))
  expect(ends).toEqual([])
  await response.text()
  expect(ends).toEqual([201])
})

test('closed gets undefined when the body is dropped half way, and runs once', async () => {
  const { ends, guard: watched } = watch()
  const gone = new AbortController()
  const request = new Request(URL, { signal: gone.signal })
  const response = await guard(watched)(
    request,
    () => new Response(new ReadableStream({ pull: (c) => c.enqueue(Buffer.from('x')) })),
  )
  await response.body?.cancel()
  gone.abort()
  expect(ends).toEqual([undefined])
})

test('closed runs with the status of a response without a body, of a refusal, and with 500 when nobody catches', async () => {
  for (const [answer, status] of [
    [() => new Response(null, { status: 204 }), 204],
    [() => new Response(null, { status: 302 }), 302],
  ] as const) {
    const { ends, guard: watched } = watch()
    await guard(watched)(new Request(URL), answer)
    expect(ends).toEqual([status])
  }
  const { ends, guard: watched } = watch()
  const refused = await guard(watched, (ctx) => deny(ctx, { status: 403, code: 'no' }))(new Request(URL), () => new Response())
  await refused.text()
  await expect(guard(watched)(new Request(URL), () => Promise.reject(new Error('inner')))).rejects.toThrow('inner')
  expect(ends).toEqual([403, 500])
})

test('a header that cannot be sent is named in the error, its value is not', async () => {
  const bad = guard(() => ({ ok: true, headers: [['x-bad', 's3cret\r\na: b']] }))
  await expect(bad(new Request(URL), () => new Response())).rejects.toThrow(/^Invalid character in header content \["x-bad"\]$/)
})

const shared = new Response('once')
test.each<[string, () => unknown, string]>([
  ['is used for the second time', () => shared, 'The response was used before: each request needs one of its own'],
  ['is none', () => ({ status: '200' }), 'What answered is no Response'],
  ['has a header that cannot be sent', () => new Response('x', { headers: { 'x-bad': '\x01' } }), 'Invalid character in header'],
])('a response that %s is a 500 with the headers of baseline, and reported', async (_, answer, message) => {
  await shared.text().catch(() => '')
  const reported: unknown[] = []
  const [base, boundary] = [baseline(), problems({ report: (error) => reported.push((error as Error).message) })]
  const { ends, guard: watched } = watch()
  const [around, next] = [guard(watched), answer as () => Response]
  const [one, two] = [new Request(URL), new Request(URL)]
  for (const response of [
    await base(one, () => boundary(one, () => around(one, next))),
    await boundary(two, () => base(two, () => around(two, next))),
  ]) {
    expect([response.status, response.headers.get('content-type')]).toEqual([500, 'application/problem+json'])
    expect([response.headers.get('x-frame-options'), response.headers.get('x-bad')]).toEqual(['DENY', null])
    expect(await response.json()).toMatchObject({ code: 'internal_error' })
  }
  expect(reported).toEqual([expect.stringContaining(message), expect.stringContaining(message)])
  expect(ends).toEqual([500, 500])
})

test('without a boundary, a response that cannot be sent is an error, and closed runs with 500', async () => {
  const { ends, guard: watched } = watch()
  const nothing = guard(watched)(new Request(URL), () => null as unknown as Response)
  await expect(nothing).rejects.toThrow('What answered is no Response')
  expect(ends).toEqual([500])
})

test('guards one after the other with the same request each have their headers and their closed hooks', async () => {
  const { ends, guard: watched } = watch()
  const send: Guard = () => ({ ok: true, headers: [['set-cookie', 'a=1']] })
  const [both, request] = [guard(watched, send), new Request(URL)]
  expect(await both(request, () => undefined)).toBe(undefined)
  for (const status of [201, 202]) {
    const response = await both(request, () => new Response('x', { status }))
    expect([await response.text(), response.headers.getSetCookie()]).toEqual(['x', ['a=1']])
  }
  await expect(both(request, () => Promise.reject(new Error('inner')))).rejects.toThrow('inner')
  expect((await both(request, () => new Response(null, { status: 204 }))).headers.getSetCookie()).toEqual(['a=1'])
  expect(ends).toEqual([404, 201, 202, 500, 204])
})

test('an endpoint does not start without a handler, and one that returns nothing says so', async () => {
  expect(() => endpoint(undefined as unknown as Endpoint)).toThrow(/^endpoint: handler: expected a function/)
  const nothing = endpoint((() => {}) as unknown as Endpoint)
  await expect(nothing(new Request(URL))).rejects.toThrow('The endpoint returned no reply')
})
