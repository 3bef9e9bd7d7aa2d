import { describe, expect, it } from 'vitest'
import { SessionUnavailableError } from '../../src/browser.ts'
import { FakeBrowser, held, LIFE } from './kit.ts'

const status = (code: number, headers = {}): Response => new Response('<p>no json</p>', { status: code, headers })

async function opened(tabs = 1) {
  const browser = new FakeBrowser()
  const all = Array.from({ length: tabs }, () => browser.tab())
  await browser.settle(Promise.all(all.map((tab) => tab.accessToken())))
  return { browser, all, tab: all[0] as (typeof all)[number], other: all[1] as (typeof all)[number] }
}

describe('one refresh', () => {
  it('[TOK-15] serves many calls at once, and the calls after it', async () => {
    const browser = new FakeBrowser()
    const tab = browser.tab()
    const tokens = await browser.settle(Promise.all(Array.from({ length: 10 }, () => tab.accessToken())))
    expect(new Set(tokens as string[])).toEqual(new Set(['token-1']))
    expect(await browser.settle(tab.accessToken())).toBe('token-1')
    expect(browser.count()).toBe(1)
  })

  it('[TOK-15] serves five tabs that start at once, and again when the token ends', async () => {
    const { browser, all } = await opened(5)
    expect(browser.count()).toBe(1)
    await browser.pass(LIFE * 800)
    expect(browser.count()).toBe(2)
    expect(await browser.settle(Promise.all(all.map((tab) => tab.accessToken())))).toEqual(Array(5).fill('token-2'))
    expect(browser.count()).toBe(2)
  })

  it('[TOK-15] serves a tab that is opened later', async () => {
    const { browser } = await opened()
    expect(await browser.settle(browser.tab().accessToken())).toBe('token-1')
    expect(browser.count()).toBe(1)
  })

  it('[TOK-15] is one for each tab without Web Locks, and the tabs agree all the same', async () => {
    const browser = new FakeBrowser()
    const all = [browser.tab({ locks: false }), browser.tab({ locks: false })]
    const tokens = await browser.settle(Promise.all(all.flatMap((tab) => [tab.accessToken(), tab.accessToken()])))
    expect(tokens).toHaveLength(4)
    expect(browser.count()).toBe(2)
    await browser.pass(LIFE * 600)
    expect(browser.count()).toBe(2)
  })

  it('[TOK-15] of two at once: the token that lives longer stays', async () => {
    const browser = new FakeBrowser()
    const all = [browser.tab({ locks: false }), browser.tab({ locks: false })]
    browser.answers['/auth/refresh'] = [browser.granted(60), browser.granted(LIFE)]
    await browser.settle(Promise.all(all.map((tab) => tab.accessToken())))
    expect(await browser.settle(Promise.all(all.map((tab) => tab.accessToken())))).toEqual(['token-2', 'token-2'])
  })

  it('[TOK-15] is made where locks are denied, as in a sandbox', async () => {
    const browser = new FakeBrowser()
    expect(await browser.settle(browser.tab({ locks: 'denied' }).accessToken())).toBe('token-1')
  })

  it('[TOK-15] of a tab that was suspended with the lock does not hold up the others for ever', async () => {
    const browser = new FakeBrowser()
    const [asleep, awake] = [browser.tab(), browser.tab()]
    browser.answers['/auth/refresh'] = [held().answer]
    void asleep.accessToken()
    await browser.pass(60)
    asleep.freeze()
    const waiting = awake.accessToken()
    await browser.pass(14_000)
    expect(browser.count()).toBe(1)
    expect(await browser.settle(waiting)).toBe('token-1')
    awake.hide()
    await browser.pass(LIFE * 1000)
    expect(await browser.settle(awake.accessToken())).toBe('token-2') // the lock is not lost for good
  })

  it('[TOK-15] of a server that hangs is given up, and all tabs know', async () => {
    const browser = new FakeBrowser()
    const all = [browser.tab(), browser.tab()]
    browser.answers['/auth/refresh'] = [held().answer]
    const results = Promise.allSettled(all.map((tab) => tab.accessToken()))
    await browser.pass(10_200)
    expect(((await browser.settle(results)) as PromiseSettledResult<string>[]).map((result) => result.status)).toEqual([
      'rejected',
      'rejected',
    ])
    expect(browser.count()).toBe(1)
  })
})

describe('in time', () => {
  it.each([0, 0.25, 0.5, 1])('[TOK-15] a token is renewed after 70 to 80 percent of its life, at random: %d', async (random) => {
    const browser = new FakeBrowser()
    browser.random = random
    const tab = browser.tab()
    await browser.settle(tab.accessToken())
    await browser.pass(LIFE * 1000)
    const [first, second] = browser.sent.filter((s) => s.path === '/auth/refresh')
    expect(((second?.at ?? 0) - (first?.at ?? 0)) / (LIFE * 1000)).toBeCloseTo(0.8 - random / 10)
  })

  it('[TOK-15] a hidden tab renews nothing; one that is shown again does so at once', async () => {
    const { browser, tab } = await opened()
    tab.hide()
    await browser.pass(LIFE * 5000)
    expect(browser.count()).toBe(1)
    tab.show()
    await browser.pass(1)
    expect(browser.count()).toBe(2)
  })

  it('[TOK-15] a hidden tab gets a token when it asks', async () => {
    const { browser, tab } = await opened()
    tab.hide()
    await browser.pass(LIFE * 1000)
    expect(await browser.settle(tab.accessToken())).toBe('token-2')
  })

  it('[TOK-15] what was long on its way counts from when it was asked for', async () => {
    const browser = new FakeBrowser()
    const slow = held()
    browser.answers['/auth/refresh'] = [slow.answer]
    const tab = browser.tab({ hidden: true })
    const token = tab.accessToken()
    await browser.pass(9000)
    slow.release(browser.granted(10))
    expect(await browser.settle(token)).toBe('token-1')
    await browser.pass(100)
    expect(await browser.settle(tab.accessToken())).toBe('token-2')
  })

  it('[TOK-15] tokens that hardly live, as at the end of a session, are no loop', async () => {
    const browser = new FakeBrowser()
    browser.answers['/auth/refresh'] = Array.from({ length: 100 }, () => browser.granted(1))
    await browser.settle(browser.tab().accessToken())
    await browser.pass(59_000)
    expect(browser.count()).toBeLessThanOrEqual(12)
  })
})

describe('a server that fails', () => {
  it.each([
    ['503', () => status(503)],
    ['404', () => status(404)],
    ['403', () => status(403)],
    ['something else than JSON', () => status(200)],
    ['another JSON', () => Response.json({ token: 'x' })],
  ])('[TOK-12] [TOK-15] with %s ends nothing', async (_, answer) => {
    const { browser, tab } = await opened()
    tab.hide()
    await browser.pass(LIFE * 1000)
    browser.answers['/auth/refresh'] = [answer()]
    const failed = await browser.settle(tab.accessToken())
    expect(failed).toBeInstanceOf(SessionUnavailableError)
    expect(failed).toMatchObject({ code: 'session_unavailable' })
    await browser.pass(2000)
    expect([await browser.settle(tab.accessToken()), tab.told]).toEqual(['token-2', []])
  })

  it('[TOK-15] before the token ends is not noticed', async () => {
    const { browser, tab } = await opened()
    browser.answers['/auth/refresh'] = Array.from({ length: 5 }, () => status(503))
    await browser.pass(LIFE * 770)
    expect(await browser.settle(tab.accessToken())).toBe('token-1')
    await browser.pass(LIFE * 200)
    expect(await browser.settle(tab.accessToken())).toBe('token-2')
  })

  it('[TOK-15] is left alone by all tabs for as long as it asks, and then for longer each time', async () => {
    const browser = new FakeBrowser()
    const all = [browser.tab(), browser.tab(), browser.tab()]
    browser.answers['/auth/refresh'] = [status(503, { 'retry-after': '20' }), status(503), status(503), status(503)]
    const results = await browser.settle(Promise.allSettled(all.map((tab) => tab.accessToken())))
    expect((results as PromiseSettledResult<string>[]).map((result) => result.status)).toEqual(Array(3).fill('rejected'))
    expect(browser.count()).toBe(1)
    for (let s = 0; s < 60; s++) {
      await browser.settle(Promise.allSettled(all.map((tab) => tab.accessToken())))
      if (s === 17) expect(browser.count()).toBe(1)
    }
    const times = browser.sent.filter((s) => s.path === '/auth/refresh').map((s) => s.at)
    const gaps = times.slice(1).map((at, i) => at - (times[i] ?? 0))
    expect(gaps[0]).toBeGreaterThanOrEqual(20_000)
    expect(gaps[1]).toBeGreaterThanOrEqual(2000)
    expect(gaps[2]).toBeGreaterThanOrEqual(4000)
  })

  it('[TOK-15] that is well again is forgiven: the next time it is asked again after a second', async () => {
    const { browser, all } = await opened(2)
    all.forEach((tab) => tab.hide())
    browser.answers['/auth/refresh'] = [status(503), status(503), status(503)]
    await browser.pass(LIFE * 1000)
    for (let s = 0; s < 20; s++) await browser.settle(Promise.allSettled(all.map((tab) => tab.accessToken())))
    expect(browser.count()).toBe(5)
    await browser.pass(LIFE * 1000)
    for (const tab of all) {
      browser.answers['/auth/refresh'] = [status(503)]
      const failed = (await browser.settle(tab.accessToken())) as SessionUnavailableError
      expect(failed.retryAfterMs).toBeLessThanOrEqual(1500)
      await browser.pass(2000)
      await browser.settle(tab.accessToken())
      await browser.pass(LIFE * 1000)
    }
  })

  it('[TOK-15] that cannot be reached is asked again when the network is back', async () => {
    const { browser, tab } = await opened()
    browser.answers['/auth/refresh'] = Array.from({ length: 8 }, () => () => {
      throw new TypeError('Failed to fetch')
    })
    await browser.pass(LIFE * 850)
    delete browser.answers['/auth/refresh']
    const before = browser.count()
    tab.online()
    await browser.pass(1000)
    expect(browser.count()).toBe(before + 1)
  })
})
