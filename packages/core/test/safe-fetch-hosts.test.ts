import { describe, expect, it } from 'vitest'
import { addressKind } from '../src/lib/safe-fetch/address-kind.ts'
import { exchange } from '../src/lib/safe-fetch/exchange.ts'
import { createSafeFetchWith } from '../src/lib/safe-fetch/safe-fetch.ts'
import { ca, localFetch, servePlain, serveTls } from './safe-fetch.ts'

describe('a URL', () => {
  const hosts = ['api.test', '*.hooks.test:8443', 'münchen.test', { host: '127.0.0.1' }, '[::1]:8443', 'api.test:444']
  // Names lead nowhere: what is let through ends there, what is not ends before.
  const safeFetch = localFetch({ hosts }, async () => [])

  it.each([
    'https://api.test/',
    'https://API.test:443/x',
    'https://api.test./',
    'https://api.test:444/',
    'https://a.hooks.test:8443/',
    'https://a.b.hooks.test:8443/',
    'https://xn--mnchen-3ya.test/',
    'https://MÜNCHEN.test/',
    'https:\\\\api.test\\x',
    '\thttps://api.test/\n',
  ])('[HTTP-10] of a listed host is asked: %j', async (url) => {
    await expect(safeFetch(url)).rejects.toMatchObject({ code: 'outbound_address_refused' })
  })

  it.each([
    'http://api.test/',
    'ftp://api.test/',
    'file:///etc/passwd',
    'data:text/plain,x',
    'gopher://api.test/',
    'javascript:alert(1)',
    'blob:https://api.test/1',
    'ws://api.test/',
    '//api.test/',
    '/x',
    '',
    'https://',
    'https://api.test:80/',
    'https://api.test:8443/',
    'https://evil.test/',
    'https://api.test.evil.test/',
    'https://evilapi.test/',
    'https://api.test@evil.test/',
    'https://evil.test/@api.test',
    'https://evil.test#@api.test/',
    'https://evil.test\\@api.test/',
    'https://user@api.test/',
    'https://user:password@api.test/',
    'https://:password@api.test/',
    'https://hooks.test:8443/',
    'https://evilhooks.test:8443/',
    'https://a.hooks.test/',
    'https://a.hooks.test:8443.evil.test/',
    'https://api.test%00.evil.test/',
    'https://api.test%2eevil.test/',
    'https://xn--api-test.evil.test/',
    'https://api。test.evil.test/',
    'https://127.0.0.2/',
    'https://127.1.1/',
    'https://0/',
    'https://localhost/',
    'https://[::ffff:127.0.0.1]/',
    'https://[::1]/',
    'https://169.254.169.254/latest/meta-data',
    'https://2852039166/',
    'https://0xa9fea9fe/',
    'https://0251.0376.0251.0376/',
    'https://①⑥⑨.254.169.254/',
  ])('[HTTP-10] of any other is not: %j', async (url) => {
    await expect(safeFetch(url)).rejects.toMatchObject({ code: 'outbound_host_refused', retryable: false })
  })

  it.each(['https://2130706433/', 'https://0x7f.1/', 'https://0177.0.0.1/', 'https://127.1/', 'https://127.0.0.1./'])(
    '[HTTP-10] with an address in any spelling is that address: %s',
    async (url) => {
      const port = await serveTls((_request, response) => response.end('here'))
      const response = await localFetch({ hosts: [`127.0.0.1:${port}`] })(url.replace(/\/$/, `:${port}/`))
      expect(await response.text()).toBe('here')
      await expect(localFetch({ hosts: [`127.0.0.2:${port}`] })(url)).rejects.toMatchObject({ code: 'outbound_host_refused' })
    },
  )

  it('[HTTP-10] without TLS is asked only where that was said', async () => {
    const port = await servePlain((_request, response) => response.end('plain'))
    const [strict, loose] = [false, true].map((insecure) => localFetch({ hosts: [`a.test:${port}`], insecure }))
    await expect(strict!(`http://a.test:${port}/`)).rejects.toMatchObject({ code: 'outbound_host_refused' })
    expect(await (await loose!(`http://a.test:${port}/`)).text()).toBe('plain')
    // A port of its own is one, also when it is the other scheme's.
    await expect(localFetch({ hosts: ['a.test:443'], insecure: true })('http://a.test/')).rejects.toMatchObject({
      code: 'outbound_host_refused',
    })
  })
})

describe('an address', () => {
  it.each([
    '93.184.216.34',
    '8.8.8.8',
    '172.15.0.1',
    '172.32.0.1',
    '100.63.255.255',
    '100.128.0.1',
    '192.0.1.1',
    '223.255.255.255',
    '2606:4700::1111',
    '2a00:1450::1',
    '::ffff:8.8.8.8',
    '64:ff9b::8.8.8.8',
    '64:ff9b::808:808',
  ])('[HTTP-10] of everybody may be asked: %s', (address) => {
    expect(addressKind(address)).toBe('public')
  })

  it.each([
    '127.0.0.1',
    '127.255.255.254',
    '10.0.0.1',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '100.64.0.1',
    '::1',
    'fc00::1',
    'fd12:3456::1',
    '::ffff:10.0.0.1',
    '::ffff:7f00:1',
    '64:ff9b::10.0.0.1',
    '64:ff9b::7f00:1',
  ])('[HTTP-10] of the own network only where that was said: %s', (address) => {
    expect(addressKind(address)).toBe('private')
  })

  it.each([
    '0.0.0.0',
    '0.1.2.3',
    '169.254.169.254',
    '169.254.170.2',
    '100.100.100.200',
    '168.63.129.16',
    '192.0.0.192',
    '192.0.2.1',
    '198.18.0.1',
    '198.51.100.1',
    '203.0.113.1',
    '192.88.99.1',
    '224.0.0.1',
    '239.255.255.255',
    '240.0.0.1',
    '255.255.255.255',
    '::',
    'fe80::1',
    'fe80::1%eth0',
    'fec0::1',
    'ff02::1',
    'fd00:ec2::254',
    '::ffff:169.254.169.254',
    '::ffff:a9fe:a9fe',
    '::127.0.0.1',
    '::8.8.8.8',
    '64:ff9b::169.254.169.254',
    '64:ff9b::a9fe:a9fe',
    '64:ff9b::',
    '64:ff9b:1::1',
    '2002:7f00:1::',
    '2002:808:808::1',
    '2001:0:4136:e378::1',
    '2001:db8::1',
    '3fff::1',
    '100::1',
    '4000::1',
    'localhost',
    '',
  ])('[HTTP-10] of nobody never: %s', (address) => {
    expect(addressKind(address)).toBe('never')
  })
})

describe('a name', () => {
  it('[HTTP-10] is asked for once for each connection, which goes where the answer said', async () => {
    // Whoever owns a name may answer differently each time: a check that asks for itself judges another answer.
    const port = await serveTls((_request, response) => response.end('here'))
    const answers = [['127.0.0.1'], ['169.254.169.254'], ['127.0.0.1']]
    const asked: string[] = []
    const safeFetch = localFetch({ hosts: [`a.test:${port}`] }, async (name) => (asked.push(name), answers.shift() ?? []))
    expect(await (await safeFetch(`https://a.test:${port}/`)).text()).toBe('here')
    expect(asked).toEqual(['a.test'])
    await expect(safeFetch(`https://a.test:${port}/`)).rejects.toMatchObject({ code: 'outbound_address_refused' })
    expect(asked).toEqual(['a.test', 'a.test'])
  })

  it('[HTTP-10] that leads to several addresses is asked only at those that may be', async () => {
    const port = await serveTls((_request, response) => response.end('here'))
    const safeFetch = localFetch({ hosts: [`a.test:${port}`] }, async () => [
      '169.254.169.254',
      '::ffff:169.254.169.254',
      '127.0.0.1',
    ])
    expect(await (await safeFetch(`https://a.test:${port}/`)).text()).toBe('here')
  })

  it('[HTTP-10] that is an address is judged as well, though no name server is asked', async () => {
    const url = new URL('https://127.0.0.1:9/')
    const request = { url, method: 'GET', headers: new Headers(), body: undefined }
    const transport = { resolve: async () => [], maxBytes: 1, tls: () => ({}) }
    const sent = exchange(request, { privateNetwork: false }, transport, new AbortController().signal)
    await expect(sent).rejects.toMatchObject({ code: 'outbound_address_refused' })
  })

  it('[HTTP-10] leads into the own network only where that was said, for all hosts or for one', async () => {
    const port = await serveTls((_request, response) => response.end('here'))
    const hosts = [`a.test:${port}`, { host: `b.test:${port}`, privateNetwork: true }]
    const safeFetch = createSafeFetchWith(async () => ['127.0.0.1'], { hosts, tls: { ca: ca.cert } })
    await expect(safeFetch(`https://a.test:${port}/`)).rejects.toMatchObject({
      code: 'outbound_address_refused',
      retryable: false,
    })
    expect(await (await safeFetch(`https://b.test:${port}/`)).text()).toBe('here')
  })

  it('[HTTP-10] that cannot be found may be found later, if the name server says so', async () => {
    const saying = (code: string) =>
      localFetch({ hosts: ['a.test'] }, () => Promise.reject(Object.assign(new Error(code), { code })))
    await expect(saying('EAI_AGAIN')('https://a.test/')).rejects.toMatchObject({ code: 'outbound_failed', retryable: true })
    await expect(saying('ENOTFOUND')('https://a.test/')).rejects.toMatchObject({ code: 'outbound_failed', retryable: false })
  })
})
