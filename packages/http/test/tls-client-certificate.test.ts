import { once } from 'node:events'
import { connect, createSecureServer } from 'node:http2'
import { createServer } from 'node:https'
import { createServer as createPlainServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { fastify } from 'fastify'
import Koa from 'koa'
import * as onExpress from '@wardstone/express'
import * as onFastify from '@wardstone/fastify'
import * as onKoa from '@wardstone/koa'
import type { Principal } from '@wardstone/core'
import { explain, jsonReply, principalOf, type Guard, type HttpContext } from '@wardstone/http'
import { endpoint, guard, listener } from '@wardstone/http/node'
import { guard as webGuard } from '@wardstone/http/web'
import { clientCertificate, type PeerCertificate, type Tls } from '@wardstone/http/tls'
import { describe, expect, it, onTestFinished } from 'vitest'
import { authority } from '../../core/test/certificates.ts'
import { finding } from '../../core/test/query.ts'
import { ask, ca, listening, serverCert, shake, tlsOf } from './tls-kit.ts'

const billing = { id: 'billing', roles: ['service'], claims: {} }
const uri = 'spiffe://example.org/billing'
const byUri = ({ uris }: PeerCertificate): Principal | undefined => (uris[0] === uri ? billing : undefined)
const ours = ca.issue({ name: 'billing', uris: [uri] })

const who: Record<string, (tls: Tls, guarded: Guard) => Promise<number>> = {
  'node:http': async (tls, guarded) =>
    listening(createServer(tls.options, listener([guard(guarded), endpoint((ctx) => jsonReply(200, principalOf(ctx).id))]))),
  Express: async (tls, guarded) => {
    const app = express()
    app.get('/', onExpress.guard(guarded), (request, response) => void response.json(onExpress.principal(request)?.id))
    return listening(createServer(tls.options, app as RequestListener))
  },
  Koa: async (tls, guarded) => {
    const app = new Koa()
    app.use(onKoa.guard(guarded))
    app.use((ctx) => void (ctx.body = JSON.stringify(onKoa.principal(ctx)?.id)))
    return listening(createServer(tls.options, app.callback() as RequestListener))
  },
  Fastify: async (tls, guarded) => {
    const app = fastify({ https: tls.options })
    onTestFinished(() => app.close())
    app.get('/', { onRequest: onFastify.guard(guarded) }, (request, reply) =>
      reply.send(JSON.stringify(onFastify.principal(request)?.id)),
    )
    await app.listen({ port: 0, host: '127.0.0.1' })
    return (app.server.address() as AddressInfo).port
  },
}

const code = ({ status, body }: { status: number; body: string }): unknown[] => [
  status,
  (JSON.parse(body) as { code?: string }).code,
]

describe.each(Object.entries(who))('[HTTP-8] %s', (_, start) => {
  it('knows a service by its certificate, and nobody without one', async () => {
    const port = await start(
      tlsOf({ ...serverCert(), ca: ca.cert, clients: 'optional' }).tls,
      clientCertificate({ principal: byUri }),
    )
    expect(await ask(port, ours)).toEqual({ status: 200, body: '"billing"' })
    expect(code(await ask(port))).toEqual([401, 'client_certificate_required'])
    const stranger = ca.issue({ name: 'billing', uris: [`${uri}/evil`], dns: [`x, URI:${uri}`] })
    expect(code(await ask(port, stranger))).toEqual([403, 'client_certificate_unknown'])
    const forged = authority().issue({ name: 'billing', uris: [uri] })
    expect(code(await ask(port, forged))).toEqual([403, 'client_certificate_untrusted'])
  })
})

/** A server whose guard tells why it refused. */
async function refusing(options: { clients: 'none' | 'optional'; now?: () => number; principal?: typeof byUri }) {
  const whys: (string | undefined)[] = []
  const { clients, ...rest } = options
  const noting: Guard = (ctx) => ({ ok: true, closed: () => void whys.push(explain(ctx)?.why) })
  const guards = guard(noting, clientCertificate({ principal: byUri, ...rest }))
  const app = listener([guards, endpoint((ctx) => jsonReply(200, principalOf(ctx).id))])
  return { app, whys, port: await listening(createServer(tlsOf({ ...serverCert(), ca: ca.cert, clients }).tls.options, app)) }
}

it('[HTTP-8] a certificate that ends while its connection lives ends there', async () => {
  let now = Date.now()
  const { port } = await refusing({ clients: 'optional', now: () => now })
  const socket = await shake(port, ours)
  const get = async (): Promise<string> => {
    socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
    return String(((await once(socket, 'data')) as [Buffer])[0])
  }
  expect(await get()).toMatch(/^HTTP\/1.1 200/)
  now += 91 * 86_400_000
  expect(await get()).toMatch(/^HTTP\/1.1 403[^]*client_certificate_expired/)
})

it('[HTTP-8] a resumed session is as untrusted as the one that it goes on from', async () => {
  const { port } = await refusing({ clients: 'optional' })
  const forged = authority().issue({ name: 'billing', uris: [uri] })
  const first = await shake(port, forged)
  const ticket = once(first, 'session')
  first.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
  const [session] = (await ticket) as [Buffer]
  const second = await shake(port, { session, ...forged })
  expect(second.isSessionReused()).toBe(true)
  second.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
  expect(String(((await once(second, 'data')) as [Buffer])[0])).toContain('client_certificate_untrusted')
})

it('[HTTP-8] over HTTP/2, a service is known on every stream of its connection', async () => {
  const { app } = await refusing({ clients: 'optional' })
  const { options } = tlsOf({ ...serverCert(), ca: ca.cert, clients: 'optional' }).tls
  const server = createSecureServer(options, app as never).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const statuses = async (own: object): Promise<number[]> => {
    const session = connect(`https://127.0.0.1:${(server.address() as AddressInfo).port}`, { ca: ca.cert, ...own })
    const streams = [1, 2].map(() => once(session.request({ ':path': '/' }), 'response') as Promise<[{ ':status': number }]>)
    const answers = await Promise.all(streams)
    session.destroy()
    return answers.map(([headers]) => headers[':status'])
  }
  expect(await statuses(ours)).toEqual([200, 200])
  expect(await statuses({})).toEqual([401, 401])
})

it('[HTTP-8] where no certificate is asked for, the operator is told', async () => {
  const { port, whys } = await refusing({ clients: 'none' })
  expect(code(await ask(port, ours))).toEqual([401, 'client_certificate_required'])
  expect(whys).toEqual([expect.stringContaining("with clients: 'none'")])
})

it('[HTTP-8] behind a proxy that ends TLS nobody is let in, whatever headers say', async () => {
  const { app, whys } = await refusing({ clients: 'optional' })
  const port = await listening(createPlainServer(app))
  const headers = {
    'x-client-cert': encodeURIComponent(ours.cert),
    'x-forwarded-client-cert': `URI=${uri}`,
    'client-cert': ':AAAA:',
  }
  const response = await fetch(`http://127.0.0.1:${port}/`, { headers })
  expect([response.status, response.headers.get('www-authenticate')]).toEqual([401, 'ClientCertificate'])
  expect(whys).toEqual([expect.stringContaining('not TLS')])
})

it('[HTTP-8] over Request, and in a test, there is no connection to look at', async () => {
  const judge = clientCertificate({ principal: () => billing })
  const response = await webGuard(judge)(new Request('https://a.test/'), () => new Response('in'))
  expect(response.status).toBe(401)
})

it('[HTTP-8] who a certificate speaks for may be looked up, and a failing look-up lets nobody in', async () => {
  const later = await refusing({ clients: 'optional', principal: (async () => billing) as never })
  expect((await ask(later.port, ours)).status).toBe(200)
  const nobody = await refusing({ clients: 'optional', principal: (async () => undefined) as never })
  expect(code(await ask(nobody.port, ours))).toEqual([403, 'client_certificate_unknown'])
  const failing = clientCertificate({ principal: () => Promise.reject(new Error('no database')) })
  const app = listener([guard(failing)], { problems: { report: () => {} } })
  const port = await listening(createServer(tlsOf({ ...serverCert(), ca: ca.cert, clients: 'optional' }).tls.options, app))
  expect(code(await ask(port, ours))).toEqual([500, 'internal_error'])
})

it.each<[string, () => unknown]>([
  ['null', () => null],
  ['null, later', async () => null],
  ['a query that finds nobody', () => finding(undefined)],
  ['false', () => false],
  ['an object without an id', () => ({})],
  ['an empty id', () => ({ id: '', roles: [], claims: {} })],
  ['an id that is no text', () => finding({ id: 7, roles: [], claims: {} })],
  ['a list', () => [billing]],
  ['a text', () => 'billing'],
])('[HTTP-8] a look-up that answers with %s lets nobody in', async (_, principal) => {
  const { port } = await refusing({ clients: 'optional', principal: principal as never })
  expect(code(await ask(port, ours))).toEqual([403, 'client_certificate_unknown'])
})

it('[HTTP-8] a query that finds somebody lets him in', async () => {
  const { port } = await refusing({ clients: 'optional', principal: (() => finding(billing)) as never })
  expect(await ask(port, ours)).toEqual({ status: 200, body: '"billing"' })
})

it('[HTTP-8] does not start without a way to a principal', () => {
  expect(() => clientCertificate({} as never)).toThrow(/principal: expected a function/)
  expect((clientCertificate({ principal: byUri }) as (ctx: HttpContext) => unknown).name).toBe('clientCertificateGuard')
})
