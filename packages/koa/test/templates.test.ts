import { baseline, cspNonce, problems } from '@wardstone/koa'
import type { BaselineOptions } from '@wardstone/http'
import { serve } from '@wardstone/testkit/http'
import Koa from 'koa'
import { expect, test } from 'vitest'

async function ask(path: string, options?: BaselineOptions): Promise<Response> {
  const app = new Koa()
  app.use(baseline(options))
  app.use(problems({ report: () => {} }))
  app.use((ctx) => {
    // As views do it: what is in the state is what a template knows.
    const names = { ...ctx.state } as { readonly cspNonce?: () => string }
    if (ctx.path === '/page') ctx.body = `<script nonce="${names.cspNonce?.()}">1</script>`
    if (ctx.path === '/own') ctx.body = `<script nonce="${cspNonce(ctx)}">1</script>`
    if (ctx.path === '/plain') {
      ctx.set('cache-control', 'max-age=600')
      ctx.body = '<p>'
    }
    if (ctx.path === '/state') ctx.body = typeof names.cspNonce
  })
  const host = await serve(app.callback())
  const response = await fetch(`http://127.0.0.1:${host.port}${path}`)
  const whole = new Response(await response.text(), response)
  await host.close()
  return whole
}

test.each(['/page', '/own'])('[HTTP-1] %s has the nonce that its policy names', async (path) => {
  const response = await ask(path)
  const [, nonce = ''] = /nonce="([^"]+)"/.exec(await response.text()) ?? []
  expect(nonce).toMatch(/^[A-Za-z0-9+/]{22}==$/)
  expect(response.headers.get('content-security-policy')).toContain(`script-src 'self' 'nonce-${nonce}';`)
  expect(response.headers.get('cache-control')).toBe('no-store')
})

test('[HTTP-1] a page that does not ask may be cached', async () => {
  const { headers } = await ask('/plain')
  expect(headers.get('cache-control')).toBe('max-age=600')
  expect(headers.get('content-security-policy')).not.toContain('nonce')
})

test.each<[BaselineOptions, string]>([
  [{}, 'function'],
  [{ headers: { preset: 'api' } }, 'undefined'],
  [{ headers: { csp: false } }, 'undefined'],
])('[HTTP-1] with %j templates have a %s', async (options, expected) => {
  expect(await (await ask('/state', options)).text()).toBe(expected)
})
