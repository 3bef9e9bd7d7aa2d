import { available, chromiumPath } from '@wardstone/testkit/servers'
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { startSite, type Site } from './site.ts'

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 })

describe.skipIf(!(await available('chromium')))('in Chromium', () => {
  let browser: Browser
  let site: Site
  let context: BrowserContext
  const complaints: string[] = []

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: (await chromiumPath()) ?? '' })
    site = await startSite()
  })
  afterAll(async () => {
    await browser?.close()
    await site?.close()
  })
  beforeEach(async () => {
    site.reset()
    complaints.length = 0
    context = await browser.newContext()
    await context.clock.install()
    context.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
    const page = await context.newPage()
    await page.goto(`${site.origin}/sign-in`)
    expect(await page.evaluate(`fetch('/auth/login', { method: 'POST' }).then((answer) => answer.status)`)).toBe(200)
    await page.close()
    site.clock.advance('1m') // past the grace of the sign-in: the next refresh rotates
  })
  afterEach(() => context?.close())

  async function open(count: number, path = '/'): Promise<readonly [Page, Page, ...Page[]]> {
    const pages = await Promise.all(Array.from({ length: count }, () => context.newPage()))
    await Promise.all(pages.map((page) => page.goto(site.origin + path)))
    return pages as [Page, Page, ...Page[]]
  }

  const first = (page: Page): Promise<string> => page.evaluate('first')
  const token = (page: Page): Promise<string | null> => page.evaluate('session.accessToken().then((t) => t ?? null)')
  const told = (page: Page): Promise<string[]> => page.evaluate('told')
  const me = (page: Page): Promise<number> => page.evaluate(`session.fetch('/me').then((answer) => answer.status)`)
  const isWaiting = (page: Page): Promise<boolean> =>
    page.evaluate('navigator.locks.query().then(({ pending }) => pending.length > 0)')
  const refreshes = (): number => site.count['/auth/refresh'] ?? 0
  const kinds = (): unknown[] => site.events.filter((e) => e.name === 'session_renewed').map((e) => e.data.kind)
  const all = <T>(pages: readonly Page[], what: (page: Page) => Promise<T>): Promise<T[]> => Promise.all(pages.map(what))

  /** Time passes for the server and for all pages, while no refresh is on its way: its time would run out. */
  async function pass(minutes: number): Promise<void> {
    await vi.waitFor(async () => {
      const locks = 'navigator.locks?.query().then(({ held, pending }) => held.length + pending.length) ?? 0'
      expect(await context.pages()[0]?.evaluate(locks)).toBe(0)
    }, 10_000)
    site.clock.advance(`${minutes}m`)
    await context.clock.fastForward(minutes * 60_000)
  }

  /** Until all pages have the same token, which is another one than before. */
  async function agreed(pages: readonly Page[], before?: string | null): Promise<string> {
    return vi.waitFor(async () => {
      const tokens = await all(pages, token)
      expect(new Set(tokens).size).toBe(1)
      expect(tokens[0]).toMatch(/^ey/)
      expect(tokens[0]).not.toBe(before)
      return tokens[0] as string
    }, 10_000)
  }

  test('[TOK-15] five tabs that start at once make one refresh, and one in each period', async () => {
    const pages = await open(5)
    let now = await agreed(pages)
    expect([await all(pages, first), refreshes()]).toEqual([Array(5).fill(now), 1])
    for (const period of [2, 3]) {
      await pass(12)
      now = await agreed(pages, now)
      expect(refreshes()).toBe(period)
    }
    expect(kinds()).toEqual(['rotated', 'rotated', 'rotated'])
    expect(await all(pages, me)).toEqual(Array(5).fill(200))
  })

  test('[TOK-15] five tabs that know nothing of each other make five', async () => {
    const pages = await open(5, '/naive')
    await all(pages, first)
    expect(refreshes()).toBe(5)
  })

  test('[TOK-15] a tab that is opened later asks the others, not the server', async () => {
    const [page] = await open(1)
    const had = await first(page)
    const [later] = await open(1)
    expect([await first(later), refreshes()]).toEqual([had, 1])
  })

  test('[TOK-15] all tabs that are loaded anew at once make one refresh, or none where the last to go tells the first to come', async () => {
    const pages = await open(5)
    await agreed(pages)
    await pass(1)
    await all(pages, (page) => page.reload())
    await agreed(pages)
    expect(refreshes()).toBeLessThanOrEqual(2)
  })

  test('[TOK-15] all tabs that are restored at once make one refresh', async () => {
    const pages = await open(5)
    await agreed(pages)
    await pass(1)
    await all(pages, (page) => page.goto(`${site.origin}/sign-in`))
    await all(pages, (page) => page.goto(site.origin))
    await agreed(pages)
    expect([refreshes(), kinds()]).toEqual([2, ['rotated', 'rotated']])
  })

  test.each(['closed', 'crashed'])('[TOK-15] a tab that is %s in mid-refresh leaves its turn to the next', async (how) => {
    const { held, release } = site.hold()
    const [victim] = await open(1)
    await held // the session has moved on, but no browser knows
    const [next] = await open(1)
    expect([await isWaiting(next), refreshes()]).toEqual([true, 1])
    await (how === 'closed' ? victim.close() : crash(victim))
    const got = await agreed([next])
    expect([refreshes(), kinds()]).toEqual([2, ['rotated', 'replayed']])
    release()
    expect(await me(next)).toBe(200)
    await pass(20)
    await agreed([next], got)
    expect([await me(next), await told(next)]).toEqual([200, []])
  })

  test('[TOK-15] an answer that arrives after another tab has refreshed signs nobody out, and is not the newest', async () => {
    const { held, release } = site.hold()
    const [slow] = await open(1, '/old')
    await held
    const [quick] = await open(1, '/old')
    const newest = await first(quick)
    release()
    expect(await first(slow)).toBe(newest)
    await agreed([slow, quick])
    expect([refreshes(), kinds()]).toEqual([2, ['rotated', 'replayed']])
    await pass(20)
    // The clock jumps in one tab after the other, so each may have renewed it by itself: what counts is that both go on.
    await vi.waitFor(async () => {
      const tokens = await all([slow, quick], token)
      expect(tokens).toEqual([expect.stringMatching(/^ey/), expect.stringMatching(/^ey/)])
      expect(tokens).not.toContain(newest)
    }, 10_000)
    expect([await all([slow, quick], me), await all([slow, quick], told)]).toEqual([
      [200, 200],
      [[], []],
    ])
  })

  test('[TOK-9] [TOK-15] a logout in one tab is one in all, and none of them refreshes again', async () => {
    const pages = await open(3)
    await agreed(pages)
    await pages[0].evaluate('session.signOut()')
    await vi.waitFor(async () => expect(await all(pages, told)).toEqual(Array(3).fill(['out'])), 10_000)
    await pass(20)
    expect(await all(pages, token)).toEqual([null, null, null])
    expect(await all(pages, me)).toEqual([401, 401, 401])
    expect([refreshes(), site.count['/auth/logout']]).toEqual([1, 1])
    expect(await context.cookies()).toEqual([])
  })

  test('[TOK-4] [TOK-15] what the account may do has changed: all calls of all tabs are answered, after one refresh', async () => {
    const pages = await open(3)
    await agreed(pages)
    await site.changeClaims()
    const calls = await all(pages, (page) => Promise.all([me(page), me(page), me(page)]))
    expect(calls.flat()).toEqual(Array(9).fill(200))
    expect(refreshes()).toBe(2)
  })

  test('[TOK-15] a <base> that somebody has put into the page gets neither the token nor the refresh', async () => {
    const evil = site.origin.replace('app.', 'evil.')
    const html = `<!doctype html><base href="${evil}/"><script type="module" src="${site.origin}/app.js"></script>`
    await context.route(`${site.origin}/based`, (route) => route.fulfill({ contentType: 'text/html', body: html }))
    const sent: string[] = []
    context.on('request', (r) => r.url().startsWith(evil) && sent.push(`${r.method()} ${r.headers()['authorization']}`))
    const [page] = await open(1, '/based')
    expect(await token(page)).toMatch(/^ey/)
    expect(await page.evaluate(`session.fetch('/me').catch((error) => error.name)`)).toBe('TypeError') // no CORS there
    await context.clock.runFor(1000)
    await vi.waitFor(() => expect(site.count['/auth/confirm']).toBe(1), 10_000)
    expect(sent).toEqual(['GET undefined'])
  })

  test('[TOK-12] [TOK-15] a server that is down for a while ends nothing', async () => {
    const pages = await open(3)
    const before = await agreed(pages)
    site.failing = 2
    await pass(12)
    await vi.waitFor(() => expect(site.failing).toBe(1), 10_000)
    expect([await all(pages, token), await all(pages, me)]).toEqual([Array(3).fill(before), Array(3).fill(200)])
    await pass(1)
    await vi.waitFor(() => expect(site.failing).toBe(0), 10_000)
    await pass(1)
    await agreed(pages, before)
    expect([refreshes(), kinds(), await all(pages, told)]).toEqual([4, ['rotated', 'rotated'], [[], [], []]])
  })

  test('[TOK-3] [TOK-15] the server hears that the tokens have arrived, and keeps nothing in the browser but the cookie', async () => {
    const pages = await open(2)
    await agreed(pages)
    await context.clock.runFor(1000)
    await vi.waitFor(() => expect(site.count['/auth/confirm']).toBe(1), 10_000)
    expect(await pages[0].evaluate('[localStorage.length, sessionStorage.length, document.cookie]')).toEqual([0, 0, ''])
    expect((await context.cookies()).map((cookie) => cookie.name)).toEqual(['__Host-refresh'])
    expect(complaints).toEqual([]) // nothing against the Content-Security-Policy
  })

  async function crash(page: Page): Promise<void> {
    const crashed = page.waitForEvent('crash')
    page.goto('chrome://crash').catch(() => {})
    await crashed
    await page.close()
  }
})
