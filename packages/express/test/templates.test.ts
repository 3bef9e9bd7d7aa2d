import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { baseline, cspNonce, problems } from '@wardstone/express'
import type { BaselineOptions } from '@wardstone/http'
import { serve } from '@wardstone/testkit/http'
import express, { type Express } from 'express'
import express4 from 'express4'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const views = mkdtempSync(join(tmpdir(), 'wardstone-views-'))
beforeAll(() => {
  writeFileSync(
    join(views, 'page.tiny'),
    '<script nonce="{{cspNonce()}}">1</script><style nonce="{{cspNonce()}}"></style>{{name}}',
  )
  writeFileSync(join(views, 'plain.tiny'), '<p>{{name}}</p>')
})
afterAll(() => rmSync(views, { recursive: true }))

/** An engine of a few lines: `{{name}}` is a variable, `{{name()}}` a call. */
function render(path: string, locals: object, done: (error: unknown, html?: string) => void): void {
  const names = locals as Readonly<Record<string, unknown>>
  const html = readFileSync(path, 'utf8').replace(/\{\{(\w+)(\(\))?\}\}/g, (_, name: string, call: string | undefined) =>
    String(call === undefined ? names[name] : (names[name] as () => unknown)()),
  )
  done(null, html)
}

describe.each([
  ['Express 5', express],
  ['Express 4', express4 as unknown as typeof express],
])('[HTTP-1] templates of %s', (_, framework) => {
  async function ask(path: string, options?: BaselineOptions): Promise<Response> {
    const app: Express = framework()
    app.set('views', views)
    app.engine('tiny', render)
    app.set('view engine', 'tiny')
    app.use(baseline(options))
    app.get('/page', (_req, res) => res.render('page', { name: 'ana' }))
    app.get('/plain', (_req, res) => res.set('cache-control', 'public, max-age=600').render('plain', { name: 'ana' }))
    app.get('/own', (req, res) => void res.type('html').send(`<script nonce="${cspNonce(req)}">1</script>`))
    app.get('/locals', (_req, res) => void res.json(typeof res.locals['cspNonce']))
    app.use(problems({ report: () => {} }))
    const host = await serve(app)
    const response = await fetch(`http://127.0.0.1:${host.port}${path}`)
    const whole = new Response(await response.text(), response)
    await host.close()
    return whole
  }

  test.each(['/page', '/own'])('%s has the nonce that its policy names', async (path) => {
    const response = await ask(path)
    const html = await response.text()
    const [, nonce = ''] = /nonce="([^"]+)"/.exec(html) ?? []
    expect(nonce).toMatch(/^[A-Za-z0-9+/]{22}==$/)
    expect(response.headers.get('content-security-policy')).toContain(`script-src 'self' 'nonce-${nonce}';`)
    expect(response.headers.get('cache-control')).toBe('no-store')
  })

  test('every call on one page gives the same, every page another', async () => {
    const pages = await Promise.all([1, 2].map(async () => (await ask('/page')).text()))
    const nonces = pages.map((html) => [...html.matchAll(/nonce="([^"]+)"/g)].map(([, nonce]) => nonce))
    expect(nonces.map((all) => [all.length, new Set(all).size])).toEqual([
      [2, 1],
      [2, 1],
    ])
    expect(nonces[0]).not.toEqual(nonces[1])
    expect(pages[0]).toMatch(/<\/style>ana$/)
  })

  test('a page that does not ask may be cached', async () => {
    const response = await ask('/plain')
    expect(await response.text()).toBe('<p>ana</p>')
    expect(response.headers.get('cache-control')).toBe('public, max-age=600')
    expect(response.headers.get('content-security-policy')).not.toContain('nonce')
  })

  test.each<[BaselineOptions, string]>([
    [{}, 'function'],
    [{ headers: { csp: { reportOnly: true } } }, 'function'],
    [{ headers: { preset: 'api' } }, 'undefined'],
    [{ headers: { csp: false } }, 'undefined'],
    [{ headers: false }, 'undefined'],
  ])('with %j they have a %s', async (options, expected) => {
    expect(await (await ask('/locals', options)).json()).toBe(expected)
  })
})
