import type { Server } from 'node:http'
import { available, chromiumPath } from '@wardstone/testkit/servers'
import { chromium, type Browser, type Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { buildSite, serveSite } from './site.ts'

vi.setConfig({ testTimeout: 30_000 })

const PAGES: ReadonlyArray<readonly [path: string, heading: string]> = [
  ['/', 'Wardstone'],
  ['/guide/protect.html', 'Protect an Express, Fastify or Koa application'],
  ['/guide/harden.html', 'Harden an application'],
  ['/guide/sessions.html', 'Sessions'],
  ['/guide/browser.html', 'Sessions in the browser'],
  ['/guide/keys.html', 'Signing keys'],
  ['/guide/operate.html', 'Probes, shutdown, crashes'],
  ['/guide/tls.html', 'TLS between services'],
  ['/api/', 'API reference'],
  ['/api/tokens.html', '@wardstone/tokens'],
  ['/api/tokens/http.html', '@wardstone/tokens/http'],
  ['/errors.html', 'Errors'],
  ['/events.html', 'Events'],
  ['/hosts.html', 'Hosts'],
  ['/benchmarks.html', 'Benchmarks'],
  ['/requirements.html', 'Requirements'],
  ['/security.html', 'Security'],
  ['/decisions/002-refresh-state-machine.html', '002'],
]

describe.skipIf(!(await available('chromium')))('the documentation in Chromium', () => {
  let browser: Browser
  let server: Server
  let url: string
  let page: Page
  /** What the browser would show in red, and every request that left for another host. */
  const complaints: string[] = []

  beforeAll(async () => {
    await buildSite()
    ;({ url, server } = await serveSite())
    browser = await chromium.launch({ executablePath: (await chromiumPath()) ?? '' })
    page = await browser.newPage()
    page.setDefaultTimeout(10_000)
    page.on('console', (message) => ['error', 'warning'].includes(message.type()) && complaints.push(message.text()))
    page.on('pageerror', (error) => complaints.push(String(error)))
    // What the page fetches ahead is given up when it is left.
    page.on(
      'requestfailed',
      (request) => request.failure()?.errorText === 'net::ERR_ABORTED' || complaints.push(`failed: ${request.url()}`),
    )
    page.on('response', (response) => response.status() >= 400 && complaints.push(`${response.status()}: ${response.url()}`))
    page.on(
      'request',
      (request) => /^(http:\/\/127\.0\.0\.1:|data:|blob:)/.test(request.url()) || complaints.push(`left: ${request.url()}`),
    )
  }, 180_000)
  beforeEach(() => void complaints.splice(0))
  afterAll(async () => {
    await browser?.close()
    server?.close()
  })

  /** Until the page has its scripts: before that a click is lost. */
  async function open(path: string): Promise<void> {
    await page.goto(url + path, { waitUntil: 'networkidle' })
  }

  it.each(PAGES)('%s opens without an error or a request to anybody else', async (path, heading) => {
    await open(path)
    expect(await page.locator('h1').first().innerText()).toContain(heading)
    expect(complaints).toEqual([])
  })

  it.each([1440, 390])(
    'no page is wider than a screen of %i pixels',
    async (width) => {
      await page.setViewportSize({ width, height: 900 })
      for (const [path] of PAGES) {
        await page.goto(url + path)
        expect([path, await page.evaluate('document.documentElement.scrollWidth')]).toEqual([path, width])
      }
      await page.setViewportSize({ width: 1440, height: 900 })
    },
    30_000,
  )

  it('leads from the start to the guide, and from there to what it links to', async () => {
    await open('/')
    await page.getByRole('link', { name: 'Protect an application' }).first().click()
    await page.waitForURL('**/guide/protect.html')
    await page.getByRole('complementary').getByRole('link', { name: 'Sessions', exact: true }).click()
    await page.waitForURL('**/guide/sessions.html')
    // The address changes before the page does.
    await page.locator('h1').filter({ hasText: 'Sessions' }).waitFor()
    expect(complaints).toEqual([])
  })

  it('finds a code by the search box', async () => {
    await open('/')
    await page.getByRole('button', { name: 'Search' }).first().click()
    await page.locator('#localsearch-input').fill('session_not_revoked')
    await page.getByRole('option').filter({ hasText: 'Problem documents' }).click()
    await page.waitForURL('**/errors.html#problem-documents')
    expect(complaints).toEqual([])
  })

  it('has an anchor for each code, to link to', async () => {
    await page.goto(`${url}/errors.html#session_not_revoked`)
    expect(await page.locator('#session_not_revoked').count()).toBe(1)
  })

  it('is dark for whoever prefers it so', async () => {
    const background = () => page.evaluate('getComputedStyle(document.body).backgroundColor')
    await page.emulateMedia({ colorScheme: 'dark' })
    await page.goto(`${url}/errors.html`)
    const dark = await background()
    await page.emulateMedia({ colorScheme: 'light' })
    await page.reload()
    expect([dark, await background()]).toEqual(['rgb(27, 27, 31)', 'rgb(255, 255, 255)'])
  })
})
