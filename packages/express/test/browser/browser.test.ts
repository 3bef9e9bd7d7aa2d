import { available, chromiumPath } from '@wardstone/testkit/servers'
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { startBank, startOther, type Bank } from './site.ts'

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 })

describe.skipIf(!(await available('chromium')))('in Chromium', () => {
  let browser: Browser
  let bank: Bank
  /** Another site, and a sibling host of the bank's own: the bank's cookies go along with its requests. */
  let evil: Awaited<ReturnType<typeof startOther>>
  let sibling: Awaited<ReturnType<typeof startOther>>
  /** Another site that the bank trusts. */
  let partner: Awaited<ReturnType<typeof startOther>>
  let context: BrowserContext
  let page: Page
  const refused: string[] = []

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: (await chromiumPath()) ?? '' })
    ;[evil, sibling, partner] = (await Promise.all(
      ['evil.localhost', 'sub.bank.localhost', 'partner.localhost'].map(startOther),
    )) as [typeof evil, typeof evil, typeof evil]
    bank = await startBank('bank.localhost', { cors: { origins: [`http://partner.localhost:${partner.port}`] } })
  })
  afterAll(async () => {
    await browser?.close()
    await Promise.all([bank, evil, sibling, partner].map((host) => host?.close()))
  })
  beforeEach(async () => {
    context = await browser.newContext()
    page = await context.newPage()
    refused.length = 0
    page.on('console', (message) => message.type() === 'error' && refused.push(message.text()))
    await page.goto(bank.origin)
    expect(await post('/auth/login')).toBe(200)
    Object.assign(bank.seen, { transfers: 0, refreshes: 0 })
  })
  afterEach(() => context?.close())

  /** As the page that is open does it, with cookies: the status, or why the page gets none. */
  function post(path: string, origin = ''): Promise<unknown> {
    return page.evaluate(
      ([url]) =>
        fetch(url as string, { method: 'POST', credentials: 'include' }).then(
          (answer) => answer.status,
          (error: Error) => error.message,
        ),
      [origin + path],
    )
  }

  test('[HTTP-1] an inline script with the nonce of its response runs, one without does not', async () => {
    await page.goto(`${bank.origin}/nonce`)
    expect(await page.evaluate('[window.ours, window.injected]')).toEqual([true, null].map((v) => v ?? undefined))
    expect(refused.join()).toMatch(/Content Security Policy/)
  })

  test('[HTTP-1] a page is not framed by another site, nor by a sibling', async () => {
    for (const other of [evil, sibling]) {
      refused.length = 0
      await page.goto(other.pageUrl(`<iframe src="${bank.origin}/"></iframe>`), { waitUntil: 'networkidle' })
      expect(await page.frames().at(-1)?.evaluate('document.body?.innerText ?? ""')).not.toContain('Bank')
      expect(refused.join()).toMatch(/frame-ancestors|X-Frame-Options/i)
    }
  })

  test('[TOK-12] the refresh cookie has its flags, and no script sees it', async () => {
    const [cookie] = await context.cookies()
    expect(cookie).toMatchObject({
      name: '__Host-refresh',
      httpOnly: true,
      secure: true,
      sameSite: 'Lax',
      path: '/',
      domain: 'bank.localhost',
    })
    expect(await page.evaluate('document.cookie')).toBe('')
    expect(await post('/auth/refresh')).toBe(200)
  })

  test('[HTTP-3] a form of another site is refused, as is one of a sibling that has the cookies', async () => {
    for (const other of [evil, sibling]) {
      const form = `<form method="post" action="${bank.origin}/transfer"><input name="to" value="mallory"></form><script>document.forms[0].submit()</script>`
      const [answer] = await Promise.all([
        page.waitForResponse(`${bank.origin}/transfer`),
        page.goto(other.pageUrl(form)).catch(() => null),
      ])
      expect(answer.status()).toBe(403)
      expect(((await answer.json()) as { code: string }).code).toBe('cross_site_request')
    }
    expect(bank.seen.transfers).toBe(0)
  })

  test('[HTTP-3] the bank transfers when its own page asks', async () => {
    expect(await post('/transfer')).toBe(200)
    expect(bank.seen.transfers).toBe(1)
  })

  test('[HTTP-2] a foreign page reads nothing; one that is listed does', async () => {
    const read = (): Promise<unknown> =>
      page.evaluate(
        ([url]) =>
          fetch(url as string, { credentials: 'include' }).then(
            (r) => r.json(),
            (e: Error) => e.message,
          ),
        [`${bank.origin}/balance`],
      )
    for (const other of [evil, sibling]) {
      await page.goto(other.pageUrl('<p>hello</p>'))
      expect(await read()).toBe('Failed to fetch')
    }
    await page.goto(partner.pageUrl('<p>hello</p>'))
    expect(await read()).toEqual({ balance: 0 }) // another site: the cookie stays at home
    expect(await post('/transfer', bank.origin)).toBe(200)
  })

  test('[HTTP-3] a sibling subdomain cannot refresh, though the browser sends the cookie', async () => {
    await page.goto(sibling.pageUrl('<p>hello</p>'))
    expect(await post('/auth/refresh', bank.origin)).toBe('Failed to fetch')
    expect(bank.seen.refreshes).toBe(0)
    await page.goto(bank.origin)
    expect(await post('/auth/refresh')).toBe(200)
  })

  test('without these parts the same attacks succeed in the same browser', async () => {
    const open = await startBank('bank.localhost', { headers: false, csrf: false })
    try {
      await page.goto(open.origin)
      expect(await post('/auth/login')).toBe(200)
      await page.goto(sibling.pageUrl(`<iframe src="${open.origin}/"></iframe>`), { waitUntil: 'networkidle' })
      expect(await page.frames().at(-1)?.evaluate('document.body?.innerText ?? ""')).toContain('Bank')
      await page.goto(
        sibling.pageUrl(
          `<form method="post" action="${open.origin}/transfer"></form><script>document.forms[0].submit()</script>`,
        ),
      )
      await page.waitForURL(`${open.origin}/transfer`)
      expect(open.seen.transfers).toBe(1)
    } finally {
      await open.close()
    }
  })
})
