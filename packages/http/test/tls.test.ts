import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { connect as connectHttp2, createSecureServer } from 'node:http2'
import { createServer } from 'node:https'
import { inspect } from 'node:util'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createTls, type TlsOptions } from '@wardstone/http/tls'
import { createSafeFetch } from '@wardstone/core'
import { fastify } from 'fastify'
import { describe, expect, it, onTestFinished, test } from 'vitest'
import { authority } from '../../core/test/certificates.ts'
import { ask, ca, folder, serve, serverCert, shake, tlsOf } from './tls-kit.ts'

const pair = serverCert()
const day = 86_400_000

describe('a server', () => {
  it('[HTTP-8] speaks TLS 1.3', async () => {
    const port = await serve(tlsOf(pair).tls)
    expect((await shake(port)).getProtocol()).toBe('TLSv1.3')
  })

  it.each(['TLSv1.2', 'TLSv1.1', 'TLSv1'] as const)('[HTTP-8] ends the handshake of %s', async (version) => {
    const port = await serve(tlsOf(pair).tls)
    // Seclevel 0: the client must offer what is old, or it is the client who refuses.
    const old = { minVersion: 'TLSv1', maxVersion: version, ciphers: 'DEFAULT@SECLEVEL=0' } as const
    await expect(shake(port, old)).rejects.toMatchObject({ code: expect.stringMatching(/PROTOCOL_VERSION/) })
  })

  it('[HTTP-8] speaks TLS 1.2 where that is asked for, with forward secrecy and authenticated encryption only', async () => {
    const port = await serve(tlsOf({ ...pair, minVersion: 'TLSv1.2' }).tls)
    const good = await shake(port, { maxVersion: 'TLSv1.2' })
    expect([good.getProtocol(), good.getCipher().name]).toEqual(['TLSv1.2', 'ECDHE-ECDSA-AES128-GCM-SHA256'])
    for (const ciphers of [
      'ECDHE-ECDSA-AES128-SHA',
      'ECDHE-ECDSA-AES256-SHA384',
      'ECDHE-ECDSA-AES128-CCM',
      'AES128-GCM-SHA256',
    ]) {
      await expect(shake(port, { maxVersion: 'TLSv1.2', ciphers }), ciphers).rejects.toMatchObject({
        code: expect.stringMatching(/HANDSHAKE_FAILURE/),
      })
    }
  })

  it('[HTTP-8] may be of HTTP/2 or Fastify', async () => {
    const { tls } = tlsOf(pair)
    const h2 = tls.attach(createSecureServer(tls.options, (_request, response) => response.end('h2'))).listen(0, '127.0.0.1')
    onTestFinished(() => void h2.close())
    await once(h2, 'listening')
    const session = connectHttp2(`https://127.0.0.1:${(h2.address() as AddressInfo).port}`, { ca: ca.cert })
    const [headers] = (await once(session.request({ ':path': '/' }), 'response')) as [{ ':status': number }]
    session.destroy()
    expect(headers[':status']).toBe(200)

    const app = fastify({ https: tls.options })
    onTestFinished(() => app.close())
    app.get('/', () => 'fastify')
    await app.listen({ port: 0, host: '127.0.0.1' })
    tls.attach(app.server)
    expect((await ask((app.server.address() as AddressInfo).port)).body).toBe('fastify')
    expect(tls.stats().servers).toBe(2)
  })
})

describe('clients', () => {
  const known = ca.issue({ name: 'billing' })
  const foreign = authority().issue({ name: 'billing' })
  const expired = ca.issue({ name: 'billing', from: Date.now() - 9 * day, until: Date.now() - day })

  const enters = async (clients: TlsOptions['clients'], own: { cert?: string; key?: string }): Promise<unknown> => {
    const port = await serve(tlsOf({ ...pair, ca: ca.cert, clients }).tls)
    return ask(port, own).then(
      ({ status }) => status,
      (error: { code: string }) => error.code,
    )
  }

  it.each([
    ['none', 'with a certificate', known, 200],
    ['none', 'without one', {}, 200],
    ['optional', 'with a certificate', known, 200],
    ['optional', 'without one', {}, 200],
    ['optional', 'with one of a foreign authority', foreign, 200], // for the guard to refuse
    ['required', 'with a certificate', known, 200],
    ['required', 'without one', {}, expect.stringMatching(/CERTIFICATE_REQUIRED|ECONNRESET/)],
    ['required', 'with one of a foreign authority', foreign, expect.stringMatching(/UNKNOWN_CA|BAD_CERT|ECONNRESET/)],
    ['required', 'with an expired one', expired, expect.stringMatching(/EXPIRED|ECONNRESET/)],
  ] as const)('[HTTP-8] where certificates are %s: %s', async (clients, _, own, outcome) => {
    expect(await enters(clients, own)).toEqual(outcome)
  })

  it('[HTTP-8] of ours show the certificate, by agent and by safeFetch, and believe only the authorities given', async () => {
    const port = await serve(tlsOf({ ...pair, ca: ca.cert, clients: 'required' }).tls)
    const client = tlsOf({ ...known, ca: ca.cert }).tls
    const agent = client.agent()
    onTestFinished(() => agent.destroy())
    expect((await ask(port, { ca: undefined, agent })).status).toBe(200)
    const safeFetch = createSafeFetch({
      hosts: [{ host: `127.0.0.1:${port}`, privateNetwork: true }],
      tls: () => client.clientOptions(),
    })
    expect((await safeFetch(`https://127.0.0.1:${port}/`)).status).toBe(200)

    const elsewhere = tlsOf({ ...known, ca: authority().cert }).tls.agent()
    onTestFinished(() => elsewhere.destroy())
    await expect(ask(port, { ca: undefined, agent: elsewhere })).rejects.toMatchObject({
      code: expect.stringMatching(/CERT_SIGNATURE_FAILURE/),
    })
  })
})

test.each<[string, Partial<TlsOptions>, string]>([
  ['a key of another certificate', { key: serverCert().key }, 'key'],
  ['an expired certificate', serverCert(Date.now() - 1), 'cert'],
  ['a certificate of tomorrow', ca.issue({ name: 'x', from: Date.now() + day }), 'cert'],
  ['a certificate that is none', { cert: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----' }, 'cert'],
  ['half a chain', { cert: pair.cert + ca.cert.slice(0, 200) }, 'cert'],
  ['a key in place of the certificate', { cert: pair.key }, 'cert'],
  ['a key that is none', { key: pair.cert }, 'key'],
  ['a public key', { key: createPublicKey(pair.key).export({ type: 'spki', format: 'pem' }) as string }, 'key'],
  ['a file that is not there', { cert: '/nowhere/tls.crt' }, 'cert'],
  ['half of the authorities', { ca: ca.cert + ca.cert.slice(0, 200) }, 'ca'],
  ['an authority that is not there', { ca: '/nowhere/ca.crt' }, 'ca'],
  ['clients that anybody could be', { clients: 'required' }, 'ca'],
  ['clients of no authority', { clients: 'optional', ca: [] }, 'ca'],
  ['an old protocol', { minVersion: 'TLSv1.1' as 'TLSv1.2' }, 'minVersion'],
  ['nothing', { cert: undefined as never }, 'cert'],
])('[HTTP-8] %s does not start, and no message holds the key', (_, wrong, option) => {
  try {
    createTls({ ...pair, ...wrong })
    expect.unreachable()
  } catch (error) {
    expect(error).toMatchObject({
      code: 'invalid_options',
      problems: expect.arrayContaining([expect.objectContaining({ option })]),
    })
    expect(inspect(error)).not.toMatch(/BEGIN|nowhere/)
    expect(String(error)).not.toContain(pair.key.slice(40, 80))
  }
})

test('[HTTP-8] a key is read as openssl writes it, with the parameters of its curve before', () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { cert } = ca.issue({ name: 'x', key: privateKey })
  const sec1 = privateKey.export({ type: 'sec1', format: 'pem' }) as string
  const parameters = '-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n'
  expect(() => tlsOf({ cert, key: parameters + sec1 })).not.toThrow()
})

test('[HTTP-8] a certificate comes from a file, a text, bytes or a secret', () => {
  const { cert, key } = folder(pair).paths
  const secret = (text: string) => ({ bytes: () => Buffer.from(text) })
  const fingerprints = [
    { cert, key },
    pair,
    { cert: Buffer.from(pair.cert), key: Buffer.from(pair.key) },
    { cert, key: secret(pair.key) },
  ].map((options) => tlsOf(options).tls.stats().fingerprint256)
  expect(new Set(fingerprints).size).toBe(1)
})

test('[HTTP-8] looking at files keeps no process alive', () => {
  const timers = (): number => process.getActiveResourcesInfo().filter((one) => one === 'Timeout').length
  const before = timers()
  tlsOf({ ...pair, reload: '1m' })
  expect(timers()).toBe(before)
})

test('[HTTP-8] nobody who prints options, a server or an agent sees the key', () => {
  const { tls } = tlsOf({ ...pair, ca: ca.cert })
  const server = tls.attach(createServer(tls.options))
  const agent = tls.agent()
  const deep = { depth: 20, maxStringLength: Infinity, maxArrayLength: Infinity } as const
  const printed = [tls, tls.options, server, agent, tls.clientOptions(), tls.stats()].map((one) => inspect(one, deep)).join('\n')
  const bytes = inspect(Buffer.from(pair.key)).slice(8, 60) // as Node prints a buffer
  expect(printed).not.toContain('PRIVATE KEY')
  expect(printed).not.toContain(bytes)
  expect(JSON.stringify([tls, tls.options, tls.stats()])).not.toContain(JSON.stringify(Buffer.from(pair.key)).slice(30, 90))
  expect(printed).toContain('cert') // the search finds what is there
})
