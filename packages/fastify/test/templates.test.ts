import { baseline, cspNonce, problems } from '@wardstone/fastify'
import type { BaselineOptions } from '@wardstone/http'
import { fastify, type FastifyReply } from 'fastify'
import { expect, test } from 'vitest'

interface Rendering {
  locals?: { cspNonce?: () => string }
}

/** Sends what a template makes of `reply.locals` and its data, as `@fastify/view` does. */
function view(
  reply: FastifyReply,
  data: object,
  template: (names: { cspNonce?: () => string; name?: string }) => string,
): FastifyReply {
  const names = Object.assign({}, (reply as FastifyReply & Rendering).locals, data)
  return reply.type('text/html').send(template(names))
}

async function ask(path: string, options?: BaselineOptions) {
  const app = fastify()
  app.register(baseline(options))
  app.register(problems())
  app.get('/page', (_request, reply) =>
    view(reply, { name: 'ana' }, (it) => `<script nonce="${it.cspNonce?.()}">1</script>${it.name}`),
  )
  app.get('/plain', (_request, reply) => view(reply.header('cache-control', 'max-age=600'), {}, () => '<p>'))
  app.get('/own', (request, reply) => view(reply, {}, () => `<script nonce="${cspNonce(request)}">1</script>`))
  app.get('/locals', (_request, reply) => reply.send({ is: typeof (reply as FastifyReply & Rendering).locals?.cspNonce }))
  const response = await app.inject(path)
  await app.close()
  return response
}

test.each(['/page', '/own'])('[HTTP-1] %s has the nonce that its policy names', async (path) => {
  const { body, headers } = await ask(path)
  const [, nonce = ''] = /nonce="([^"]+)"/.exec(body) ?? []
  expect(nonce).toMatch(/^[A-Za-z0-9+/]{22}==$/)
  expect(headers['content-security-policy']).toContain(`script-src 'self' 'nonce-${nonce}';`)
  expect(headers['cache-control']).toBe('no-store')
})

test('[HTTP-1] a page that does not ask may be cached', async () => {
  const { headers } = await ask('/plain')
  expect(headers['cache-control']).toBe('max-age=600')
  expect(headers['content-security-policy']).not.toContain('nonce')
})

test.each<[BaselineOptions, string]>([
  [{}, 'function'],
  [{ headers: { preset: 'api' } }, 'undefined'],
  [{ headers: { csp: false } }, 'undefined'],
])('[HTTP-1] with %j templates have a %s', async (options, expected) => {
  expect((await ask('/locals', options)).json()).toEqual({ is: expected })
})
