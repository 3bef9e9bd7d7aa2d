import { describe, expect, it } from 'vitest'
import { FakeBrowser, held, LIFE, ORIGIN, type Tab } from './kit.ts'

const POSTS = `${ORIGIN}/posts`
const refused = (): Response =>
  new Response(null, { status: 401, headers: { 'www-authenticate': 'Bearer error="invalid_token"' } })

function setUp(options: Parameters<FakeBrowser['tab']>[0] = {}) {
  const browser = new FakeBrowser()
  const tab = browser.tab(options)
  return { browser, tab }
}

/** The requests of a path: the `Authorization` header and the body of each. */
async function sentTo(browser: FakeBrowser, path = '/posts'): Promise<(readonly [string | null, string])[]> {
  const requests = browser.sent.filter((s) => s.path === path)
  return Promise.all(requests.map(async ({ request }) => [request.headers.get('authorization'), await request.text()] as const))
}

async function fetched(browser: FakeBrowser, tab: Tab, ...request: Parameters<Tab['fetch']>): Promise<number | Error> {
  const answer = await browser.settle(tab.fetch(...request))
  return answer instanceof Response ? answer.status : answer
}

describe('the access token goes', () => {
  it('[TOK-15] to the page’s own origin and to those that are listed', async () => {
    const { browser, tab } = setUp({ origins: ['https://api.example'] })
    for (const url of [POSTS, 'https://api.example/posts', new URL(POSTS), new Request(POSTS)])
      expect(await fetched(browser, tab, url)).toBe(200)
    expect(await sentTo(browser)).toEqual(Array(4).fill(['Bearer token-1', '']))
  })

  it('[TOK-15] nowhere else, and no refresh is made for that', async () => {
    const { browser, tab } = setUp({ origins: ['https://api.example'] })
    const others = ['http://app.example', 'https://app.example:8443', 'https://api.example.evil.example', 'https://evil.example']
    for (const other of others) expect(await fetched(browser, tab, `${other}/posts`)).toBe(200)
    expect(await sentTo(browser)).toEqual(Array(4).fill([null, '']))
    expect(browser.count()).toBe(0)
  })

  it('[TOK-15] not over credentials that the application gives itself', async () => {
    const { browser, tab } = setUp()
    await fetched(browser, tab, POSTS, { headers: { Authorization: 'Basic x' } })
    expect(await sentTo(browser)).toEqual([['Basic x', '']])
  })

  it('[TOK-15] nowhere when nobody is signed in: guests see what guests may', async () => {
    const { browser, tab } = setUp()
    browser.answers['/auth/refresh'] = [new Response(null, { status: 401 })]
    expect(await fetched(browser, tab, POSTS)).toBe(200)
    expect(await sentTo(browser)).toEqual([[null, '']])
  })
})

describe('a token that is not accepted', () => {
  const form = (): FormData => {
    const data = new FormData()
    data.set('title', 'Hello')
    return data
  }
  it.each([
    ['none', {}],
    ['a text', { body: 'Hello' }],
    ['a form', { body: form() }],
    ['a file', { body: new Blob(['Hello']) }],
    ['a buffer', { body: new TextEncoder().encode('Hello') }],
  ])('[TOK-15] is replaced, and the request is sent again with its body: %s', async (_, body) => {
    const { browser, tab } = setUp()
    browser.answers['/posts'] = [refused()]
    expect(await fetched(browser, tab, POSTS, { method: 'POST', headers: { 'x-kept': '1' }, ...body })).toBe(200)
    const [first, second] = await sentTo(browser)
    expect([first?.[0], second?.[0]]).toEqual(['Bearer token-1', 'Bearer token-2'])
    expect(second?.[1]).toBe(first?.[1])
    expect(browser.sent.at(-1)?.request.headers.get('x-kept')).toBe('1')
  })

  it('[TOK-15] is replaced for a Request, too', async () => {
    const { browser, tab } = setUp()
    browser.answers['/posts'] = [refused()]
    expect(await fetched(browser, tab, new Request(POSTS, { method: 'PUT', body: 'Hello' }))).toBe(200)
    expect(await sentTo(browser)).toEqual([
      ['Bearer token-1', 'Hello'],
      ['Bearer token-2', 'Hello'],
    ])
  })

  it('[TOK-15] is not replaced for a body that can be sent only once', async () => {
    const { browser, tab } = setUp()
    browser.answers['/posts'] = [refused()]
    const init = { method: 'POST', body: new Blob(['Hello']).stream(), duplex: 'half' as const }
    expect(await fetched(browser, tab, POSTS, init)).toBe(401)
    expect(browser.count('/posts')).toBe(1)
  })

  it('[TOK-15] is replaced once: a second refusal is the answer', async () => {
    const { browser, tab } = setUp()
    browser.answers['/posts'] = [refused(), refused(), refused()]
    expect(await fetched(browser, tab, POSTS)).toBe(401)
    expect([browser.count('/posts'), browser.count()]).toEqual([2, 2])
  })

  it.each([
    ['a 401 for another reason', new Response(null, { status: 401, headers: { 'www-authenticate': 'Bearer' } })],
    ['a 403', new Response(null, { status: 403, headers: { 'www-authenticate': 'Bearer error="insufficient_scope"' } })],
  ])('[TOK-15] is something else than %s', async (_, answer) => {
    const { browser, tab } = setUp()
    browser.answers['/posts'] = [answer]
    expect(await fetched(browser, tab, POSTS)).toBe(answer.status)
    expect([browser.count('/posts'), browser.count()]).toEqual([1, 1])
  })

  it('[TOK-15] is one refresh for all requests and tabs that it meets', async () => {
    const { browser, tab } = setUp()
    const other = browser.tab()
    browser.answers['/posts'] = Array.from({ length: 6 }, refused)
    const all = [tab, other].flatMap((t) => Array.from({ length: 3 }, () => t.fetch(POSTS)))
    const answers = (await browser.settle(Promise.all(all))) as Response[]
    expect(answers.map((answer) => answer.status)).toEqual(Array(6).fill(200))
    expect(browser.count()).toBe(2)
  })

  it('[TOK-15] is replaced by what is already on its way', async () => {
    const { browser, tab } = setUp()
    await browser.settle(tab.accessToken())
    const late = held()
    browser.answers['/auth/refresh'] = [late.answer]
    await browser.pass(LIFE * 751)
    browser.answers['/posts'] = [refused()]
    const answer = tab.fetch(POSTS)
    await browser.pass(5)
    late.release(browser.granted())
    expect(await browser.settle(answer)).toMatchObject({ status: 200 })
    expect(browser.count()).toBe(2)
  })

  it('[TOK-15] is not taken from another tab again', async () => {
    const { browser, tab } = setUp()
    const other = browser.tab()
    await browser.settle(Promise.all([tab.accessToken(), other.accessToken()]))
    browser.answers['/posts'] = [refused()]
    const late = held()
    browser.answers['/auth/refresh'] = [late.answer]
    const answer = tab.fetch(POSTS)
    await browser.pass(5)
    browser.tab() // asks, and the other one answers with the token that is not accepted
    await browser.pass(5)
    late.release(browser.granted())
    expect(await browser.settle(answer)).toMatchObject({ status: 200 })
    expect((await sentTo(browser)).map(([bearer]) => bearer)).toEqual(['Bearer token-1', 'Bearer token-2'])
  })

  it('[TOK-15] is the answer while no other can be had', async () => {
    const { browser, tab } = setUp()
    browser.answers['/posts'] = [refused()]
    await browser.settle(tab.accessToken())
    browser.answers['/auth/refresh'] = [new Response(null, { status: 503 })]
    expect(await fetched(browser, tab, POSTS)).toBe(401)
    expect(tab.told).toEqual([])
  })

  it('[TOK-15] is the answer when the session is over, which is told', async () => {
    const { browser, tab } = setUp()
    browser.answers['/posts'] = [refused()]
    await browser.settle(tab.accessToken())
    browser.answers['/auth/refresh'] = [new Response(null, { status: 401 })]
    expect([await fetched(browser, tab, POSTS), tab.told]).toEqual([401, ['out']])
  })
})

describe('the server hears that the tokens arrived', () => {
  it('[TOK-3] [TOK-15] once for each refresh, from the tab that made it', async () => {
    const { browser, tab } = setUp()
    const other = browser.tab()
    await browser.settle(Promise.all([tab.accessToken(), other.accessToken()]))
    await browser.pass(LIFE * 790)
    expect(await sentTo(browser, '/auth/confirm')).toEqual([
      ['Bearer token-1', ''],
      ['Bearer token-2', ''],
    ])
  })

  it('[TOK-3] [TOK-15] after a sign-in', async () => {
    const { browser, tab } = setUp()
    tab.signedIn({ accessToken: 'ana', expiresIn: LIFE })
    await browser.pass(1000)
    expect(await sentTo(browser, '/auth/confirm')).toEqual([['Bearer ana', '']])
  })

  it('[TOK-3] [TOK-15] not where a call has just shown it, nor where that is turned off', async () => {
    const { browser, tab } = setUp()
    browser.answers['/posts'] = [refused()]
    await browser.settle(tab.fetch(POSTS))
    await browser.pass(5000)
    const off = setUp({ confirmUrl: false })
    await off.browser.settle(off.tab.accessToken())
    await off.browser.pass(5000)
    expect([browser.count('/auth/confirm'), off.browser.count('/auth/confirm')]).toEqual([0, 0])
  })

  it('[TOK-15] and does not have to hear it: nothing comes of a failure', async () => {
    const { browser, tab } = setUp()
    browser.answers['/auth/confirm'] = [
      () => {
        throw new TypeError('Failed to fetch')
      },
    ]
    await browser.settle(tab.accessToken())
    await browser.pass(5000)
    expect(await browser.settle(tab.accessToken())).toBe('token-1')
  })
})

it('[TOK-15] session requests carry the cookie, are never cached and outlive the page', async () => {
  const { browser, tab } = setUp()
  await browser.settle(tab.accessToken())
  const [sent] = browser.sent
  const { method, credentials, cache, keepalive, redirect } = sent?.request ?? {}
  expect({ method, credentials, cache, keepalive, redirect }).toEqual({
    method: 'POST',
    credentials: 'include',
    cache: 'no-store',
    keepalive: true,
    redirect: 'error',
  })
})
