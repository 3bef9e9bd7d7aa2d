import { cacheControl, principalKey, type CacheControlPreset, type Guard, type HeaderList } from '@wardstone/http'
import { guard, problems } from '@wardstone/http/web'
import { expect, test } from 'vitest'

interface Answer {
  readonly request?: RequestInit
  readonly status?: number
  readonly headers?: HeaderList
  /** Of guards beside. */
  readonly guards?: readonly Guard[]
}

/** The `cache-control` of an answer of a route with this policy. */
async function sent(policy: string, answer?: Answer): Promise<string | null> {
  return (await headersOf(policy, answer)).get('cache-control')
}

async function headersOf(policy: string, { request, status = 200, headers = [], guards = [] }: Answer = {}): Promise<Headers> {
  const run = guard(cacheControl(policy), ...guards)
  const response = await run(
    new Request('http://app.test/', request),
    () => new Response(null, { status, headers: headers as [string, string][] }),
  )
  return response.headers
}

const COOKIE: HeaderList = [['set-cookie', 'sid=1']]
const someone: Guard = (ctx) => {
  ctx.state.set(principalKey, { id: 'ana', roles: [], claims: {} })
  return { ok: true }
}

test.each<[CacheControlPreset, string]>([
  ['immutable', 'public, max-age=31536000, immutable'],
  ['images', 'public, max-age=2592000'],
  ['api', 'no-store'],
  ['private-revalidate', 'private, no-cache'],
])('[HTTP-9] %s is %s', async (preset, value) => {
  expect(await sent(preset)).toBe(value)
  expect([await sent(preset, { status: 206 }), await sent(preset, { status: 304 })]).toEqual([value, value])
})

test('[HTTP-9] directives may be said one by one', async () => {
  expect(await sent('Public,max-age=60 , stale-while-revalidate=30')).toBe('public, max-age=60, stale-while-revalidate=30')
})

test.each([301, 302, 307, 400, 401, 404, 429, 500, 503])('[HTTP-9] a %i is not kept, whatever the policy', async (status) => {
  for (const policy of ['immutable', 'images', 'api', 'private-revalidate', 'max-age=60']) {
    expect(await sent(policy, { status })).toBe('no-store')
  }
})

test('[HTTP-9] a refusal of a later guard and an error are not kept', async () => {
  const boundary = problems({ report: () => {} })
  const assets = guard(cacheControl('immutable'))
  const failed = await assets(new Request('http://app.test/'), () =>
    boundary(new Request('http://app.test/'), () => {
      throw new Error('inner')
    }),
  )
  expect([failed.status, failed.headers.get('cache-control')]).toEqual([500, 'no-store'])
  const refused: Guard = () => ({ ok: false, reply: { status: 403 } })
  expect(await sent('immutable', { guards: [refused] })).toBe('no-store')
})

// RFC 9111 section 7.3: Set-Cookie does not keep a shared cache from storing, and from handing the cookie to the next.
test.each(['immutable', 'images', 'max-age=60', 's-maxage=60'])('[HTTP-9] %s is not kept with a cookie', async (policy) => {
  expect(await sent(policy, { headers: COOKIE })).toBe('no-store')
  const early: Guard = () => ({ ok: true, headers: COOKIE })
  expect(await sent(policy, { guards: [early] })).toBe('no-store')
  const late: Guard = () => ({ ok: true, head: () => [['set-cookie', 'late=1']] })
  const run = guard(late, cacheControl(policy))
  const response = await run(new Request('http://app.test/'), () => new Response(null))
  expect(response.headers.get('cache-control')).toBe('no-store')
})

test('[HTTP-9] what the browser alone keeps may come with a cookie', async () => {
  expect(await sent('private-revalidate', { headers: COOKIE })).toBe('private, no-cache')
})

test.each([
  ['immutable', 'private, max-age=31536000, immutable'],
  ['images', 'private, max-age=2592000'],
  ['public, s-maxage=60, max-age=30, proxy-revalidate', 'private, max-age=30'],
  ['max-age=60', 'private, max-age=60'],
  ['private-revalidate', 'private, no-cache'],
  ['api', 'no-store'],
])('[HTTP-9] for somebody who is known, %s is %s, wherever the guards stand', async (policy, value) => {
  expect(await sent(policy, { guards: [someone] })).toBe(value)
})

test.each(['Bearer x', 'Basic YTpi'])('[HTTP-9] for who sends %s it is private, whoever looks at that', async (authorization) => {
  const request = { headers: { authorization } }
  expect([await sent('max-age=60', { request }), await sent('api', { request })]).toEqual(['private, max-age=60', 'no-store'])
})

test('[HTTP-9] a page is not kept for a year in the place of a missing file', async () => {
  const page: HeaderList = [['content-type', 'Text/HTML; charset=utf-8']]
  expect(await sent('immutable', { headers: page })).toBe('no-store')
  expect(await sent('public, max-age=60', { headers: page })).toBe('public, max-age=60')
  expect(await sent('immutable', { headers: [['content-type', 'text/htmlx']] })).toBe('public, max-age=31536000, immutable')
})

test('[HTTP-9] what is not kept is not kept by caches either that follow a header of their own', async () => {
  const headers: HeaderList = [
    ['cdn-cache-control', 'max-age=3600'],
    ['surrogate-control', 'max-age=3600'],
  ]
  const failed = await headersOf('max-age=60', { status: 500, headers })
  expect([failed.get('cdn-cache-control'), failed.get('surrogate-control')]).toEqual(['no-store', 'no-store'])
  expect((await headersOf('max-age=60', { headers })).get('cdn-cache-control')).toBe('max-age=3600')
})

test.each(['cdn-cache-control', 'surrogate-control', 'location', 'refresh', 'content-location', 'etag'])(
  '[HTTP-9] an error drops the %s of what failed',
  async (name) => {
    const boundary = problems({ report: () => {} })
    const before = guard(() => ({ ok: true, headers: [[name as Lowercase<string>, '/x']] }))
    const request = new Request('http://app.test/')
    const failed = await before(request, () =>
      boundary(request, () => {
        throw new Error('inner')
      }),
    )
    expect([failed.status, failed.headers.get(name)]).toEqual([500, null])
  },
)

test('[HTTP-9] what a handler says itself holds, also beside a cookie and on an error', async () => {
  const headers: HeaderList = [['cache-control', 'public, max-age=5'], ...COOKIE]
  expect(await sent('api', { headers })).toBe('public, max-age=5')
  expect(await sent('immutable', { status: 404, headers: [['cache-control', 'max-age=10']] })).toBe('max-age=10')
})

test.each([
  ['imutable', 'expected immutable, images'],
  ['', 'expected immutable, images'],
  ['max-age', 'expected immutable, images'],
  ['max-age=1.5', 'expected immutable, images'],
  ['max-age=60\r\nset-cookie: a=b', 'expected immutable, images'],
  ['public, max-age=60, max-age=30', 'each directive once'],
  ['public, private, max-age=60', 'public and private contradict'],
  ['no-store, max-age=60', 'no-store contradicts'],
  ['public, immutable', 'immutable means nothing without max-age'],
  ['public, private, immutable', 'contradict each other.*immutable means nothing'],
])('[HTTP-9] the policy "%s" does not start', (policy, why) => {
  expect(() => cacheControl(policy)).toThrow(new RegExp(why, 's'))
})

test('a policy that is no text does not start', () => {
  for (const policy of [undefined, null, 60, { maxAge: 60 }])
    expect(() => cacheControl(policy as unknown as string)).toThrow(/^cacheControl: /)
})
