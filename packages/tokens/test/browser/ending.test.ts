import { describe, expect, it } from 'vitest'
import { FakeBrowser, held, LIFE } from './kit.ts'

const status = (code: number): Response => new Response(null, { status: code })

async function opened(tabs = 1) {
  const browser = new FakeBrowser()
  const all = Array.from({ length: tabs }, () => browser.tab())
  await browser.settle(Promise.all(all.map((tab) => tab.accessToken())))
  return { browser, all, tab: all[0] as (typeof all)[number], other: all[1] as (typeof all)[number] }
}

describe('the end of a session', () => {
  it('[TOK-15] is known to all tabs after one 401, and nobody asks again', async () => {
    const { browser, all } = await opened(3)
    browser.answers['/auth/refresh'] = [status(401)]
    await browser.pass(LIFE * 900)
    expect(all.map((tab) => tab.told)).toEqual([['out'], ['out'], ['out']])
    expect(await browser.settle(Promise.all(all.map((tab) => tab.accessToken())))).toEqual([undefined, undefined, undefined])
    expect(browser.count()).toBe(2)
  })

  it('[TOK-15] that never was is told to nobody: a page of guests does not go in circles', async () => {
    const browser = new FakeBrowser()
    browser.answers['/auth/refresh'] = [status(401)]
    const tab = browser.tab()
    expect([await browser.settle(tab.accessToken()), tab.told]).toEqual([undefined, []])
  })

  it('[TOK-9] [TOK-15] by a logout in one tab is one in all, at once', async () => {
    const { browser, all, tab } = await opened(3)
    const gone = held()
    browser.answers['/auth/logout'] = [gone.answer]
    const done = tab.signOut()
    await browser.pass(5)
    expect(all.map(({ told }) => told)).toEqual([['out'], ['out'], ['out']])
    gone.release(status(204))
    expect(await browser.settle(done)).toBeUndefined()
    await browser.pass(LIFE * 1000)
    expect([browser.count('/auth/logout'), browser.count()]).toEqual([1, 1])
  })

  it('[TOK-9] [TOK-15] by a logout does not wait for a refresh that hangs', async () => {
    const { browser, tab, other } = await opened(2)
    ;[tab, other].forEach((t) => t.hide())
    await browser.pass(LIFE * 1000)
    browser.answers['/auth/refresh'] = [held().answer]
    void other.accessToken()
    await browser.pass(5)
    expect(await browser.settle(tab.signOut())).toBeUndefined()
    expect(browser.count('/auth/logout')).toBe(1)
  })

  it('[TOK-9] [TOK-15] that the server does not know of is said: the cookie is still there', async () => {
    const { browser, tab } = await opened()
    browser.answers['/auth/logout'] = [status(503)]
    expect(await browser.settle(tab.signOut())).toMatchObject({ code: 'session_unavailable', cause: 503 })
    expect(await browser.settle(tab.accessToken())).toBeUndefined()
    expect(await browser.settle(tab.signOut())).toBeUndefined()
  })

  it.each([true, false])('[TOK-15] is not undone by a refresh that arrives after the logout (locks: %s)', async (locks) => {
    const browser = new FakeBrowser()
    const [tab, other] = [browser.tab({ locks }), browser.tab({ locks })]
    await browser.settle(Promise.all([tab.accessToken(), other.accessToken()]))
    ;[tab, other].forEach((t) => t.hide())
    await browser.pass(LIFE * 1000)
    const late = held()
    browser.answers['/auth/refresh'] = [late.answer]
    const token = other.accessToken()
    await browser.pass(5)
    // The answer and the news of the logout cross each other.
    browser.latency = 50
    void tab.signOut()
    await browser.pass(10)
    late.release(browser.granted())
    await browser.pass(200)
    expect(await browser.settle(Promise.all([token, tab.accessToken(), other.accessToken()]))).toEqual([
      expect.anything(), // it had the answer before the news
      undefined,
      undefined,
    ])
    expect([tab.told, other.told]).toEqual([['out'], ['out']])
  })

  it('[TOK-15] is not undone by a refresh in the same tab', async () => {
    const { browser, tab } = await opened()
    tab.hide()
    await browser.pass(LIFE * 1000)
    const late = held()
    browser.answers['/auth/refresh'] = [late.answer]
    const token = tab.accessToken()
    await browser.pass(5)
    void tab.signOut()
    late.release(browser.granted())
    expect(await browser.settle(token)).toBeUndefined()
    expect(await browser.settle(tab.accessToken())).toBeUndefined()
  })

  it('[TOK-15] of a tab that is closed is its own', async () => {
    const { browser, tab, other } = await opened(2)
    tab.close()
    await browser.pass(LIFE * 1000)
    expect([await browser.settle(tab.accessToken()), await browser.settle(other.accessToken())]).toEqual([undefined, 'token-2'])
    expect([tab.told, other.told]).toEqual([[], []])
  })
})

describe('a sign-in', () => {
  it('[TOK-15] in one tab is one in all, which are told', async () => {
    const { browser, tab, other } = await opened(2)
    await browser.settle(tab.signOut())
    tab.signedIn({ accessToken: 'ben', expiresIn: LIFE })
    await browser.pass(5)
    expect(await browser.settle(Promise.all([tab.accessToken(), other.accessToken()]))).toEqual(['ben', 'ben'])
    expect([tab.told, other.told]).toEqual([['out'], ['out', 'in']])
  })

  it('[TOK-15] as somebody else is told, too', async () => {
    const { browser, tab, other } = await opened(2)
    tab.signedIn({ accessToken: 'ben', expiresIn: 60 }) // a shorter life does not make it older
    await browser.pass(5)
    expect([await browser.settle(other.accessToken()), other.told]).toEqual(['ben', ['in']])
  })

  it('[TOK-15] is not undone by a refresh of the session before', async () => {
    const { browser, tab, other } = await opened(2)
    ;[tab, other].forEach((t) => t.hide())
    await browser.pass(LIFE * 1000)
    const late = held()
    browser.answers['/auth/refresh'] = [late.answer]
    const token = other.accessToken()
    await browser.pass(5)
    tab.signedIn({ accessToken: 'ben', expiresIn: LIFE })
    await browser.pass(5)
    late.release(status(401))
    expect(await browser.settle(token)).toBe('ben')
    expect([tab.told, other.told]).toEqual([[], ['in']])
  })

  it('[TOK-15] is not undone by the end of the session before, though both are news at once', async () => {
    const { browser, tab, other } = await opened(2)
    ;[tab, other].forEach((t) => t.hide())
    await browser.pass(LIFE * 1000)
    const late = held()
    browser.answers['/auth/refresh'] = [late.answer]
    const token = other.accessToken()
    await browser.pass(5)
    browser.latency = 50
    late.release(status(401))
    await browser.pass(1)
    tab.signedIn({ accessToken: 'ben', expiresIn: LIFE })
    expect(await browser.settle(token)).toBeUndefined()
    expect(await browser.settle(Promise.all([tab.accessToken(), other.accessToken()]))).toEqual(['ben', 'ben'])
    expect([tab.told, other.told]).toEqual([[], ['out', 'in']])
  })

  it('[TOK-15] by a page without this client reaches the tabs that were signed out', async () => {
    const { browser, tab } = await opened()
    await browser.settle(tab.signOut())
    const fresh = browser.tab()
    expect(await browser.settle(fresh.accessToken())).toBe('token-2')
    expect([await browser.settle(tab.accessToken()), tab.told]).toEqual(['token-2', ['out', 'in']])
  })

  it('[TOK-15] is not missed because the other tabs were slow to say that they had signed out', async () => {
    const { browser, tab } = await opened()
    await browser.settle(tab.signOut())
    browser.latency = 80
    const slow = held()
    browser.answers['/auth/refresh'] = [slow.answer]
    const token = browser.tab().accessToken()
    await browser.pass(300)
    slow.release(browser.granted())
    expect(await browser.settle(token)).toBe('token-2')
  })
})

describe('an answer that is late', () => {
  it('[TOK-15] is not taken for the newest', async () => {
    const browser = new FakeBrowser()
    const [tab, other] = [browser.tab({ locks: false }), browser.tab({ locks: false })]
    const late = held()
    browser.answers['/auth/refresh'] = [late.answer]
    const token = tab.accessToken()
    await browser.pass(60)
    await browser.settle(other.accessToken())
    late.release(browser.granted())
    expect(await browser.settle(token)).toBe('token-1')
    expect(await browser.settle(tab.accessToken())).toBe('token-1')
    expect(await browser.settle(other.accessToken())).toBe('token-1')
  })

  it('[TOK-15] ends nothing, whatever it says', async () => {
    const browser = new FakeBrowser()
    const [tab, other] = [browser.tab({ locks: false }), browser.tab({ locks: false })]
    const late = held()
    browser.answers['/auth/refresh'] = [late.answer]
    const token = tab.accessToken()
    await browser.pass(60)
    await browser.settle(other.accessToken())
    late.release(status(401))
    expect(await browser.settle(token)).toBe('token-1')
    expect([tab.told, other.told]).toEqual([[], []])
  })
})
