import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { clientAddress, forwardedProto, trustedProxies } from '../src/index.ts'

const v4 = fc.ipV4()

describe('clientAddress', () => {
  const inner = trustedProxies(['10.0.0.0/8'])
  it.each([
    ['a direct client', '203.0.113.7', undefined, '203.0.113.7'],
    ['a direct client that pretends', '203.0.113.7', '198.51.100.1', '203.0.113.7'],
    ['one proxy', '10.0.0.1', '203.0.113.7', '203.0.113.7'],
    ['one proxy on a dual-stack socket', '::ffff:10.0.0.1', '203.0.113.7', '203.0.113.7'],
    ['two proxies', '10.0.0.1', '203.0.113.7, 10.0.0.2', '203.0.113.7'],
    ['a pretender behind a proxy', '10.0.0.1', '198.51.100.1, 203.0.113.7', '203.0.113.7'],
    ['a pretender who names a proxy', '10.0.0.1', '10.0.0.9, 203.0.113.7', '203.0.113.7'],
    ['a proxy that adds ports', '10.0.0.1', '[2001:db8::1]:4711', '2001:db8::1'],
    ['a proxy that writes nothing', '10.0.0.1', undefined, '10.0.0.1'],
    ['a proxy that writes an empty line', '10.0.0.1', '', '10.0.0.1'],
    ['a proxy that hides its client', '10.0.0.1', 'unknown', '10.0.0.1'],
    ['garbage left of the client', '10.0.0.1', 'garbage, 203.0.113.7', '203.0.113.7'],
    ['garbage between proxies', '10.0.0.1', '198.51.100.1, garbage, 10.0.0.2', '10.0.0.2'],
    ['an empty element', '10.0.0.1', '198.51.100.1,,10.0.0.2', '10.0.0.2'],
    ['an internal client', '10.0.0.1', '10.0.0.3, 10.0.0.2', '10.0.0.3'],
    ['a socket that is gone', undefined, '203.0.113.7', undefined],
  ])('[RATE-10] for %s', (_name, socket, header, expected) => {
    expect(clientAddress(socket, header, inner)).toBe(expected)
  })

  it.each([
    ['a proxy on a dual-stack socket, written in hex', '::ffff:a00:1', '203.0.113.7', '203.0.113.7'],
    ['a proxy that writes a mapped address', '10.0.0.1', '198.51.100.1, ::ffff:cb00:7107', '203.0.113.7'],
    ['a mapped proxy in the list', '10.0.0.1', '203.0.113.7, ::ffff:a00:2', '203.0.113.7'],
    ['a proxy in the list with its port', '10.0.0.1', '203.0.113.7:1024, 10.0.0.2:443', '203.0.113.7'],
    ['a link-local client', '10.0.0.1', 'fe80::1%eth0', 'fe80::1'],
    ['a short IPv4 address', '10.0.0.1', '198.51.100.1, 127.1', '10.0.0.1'],
    ['an address in hex', '10.0.0.1', '198.51.100.1, 0x7f.1', '10.0.0.1'],
    ['an octal address', '10.0.0.1', '198.51.100.1, 012.0.0.2', '10.0.0.1'],
    ['digits of another script', '10.0.0.1', '198.51.100.1, \u0661.1.1.1', '10.0.0.1'],
    ['a blank that HTTP does not know', '10.0.0.1', '198.51.100.1,\u00a0203.0.113.7', '10.0.0.1'],
    ['tabs', '10.0.0.1', '198.51.100.1,\t203.0.113.7\t', '203.0.113.7'],
    ['an obfuscated client', '10.0.0.1', '198.51.100.1, _hidden', '10.0.0.1'],
    ['a comma at the end', '10.0.0.1', '198.51.100.1,', '10.0.0.1'],
    ['nothing but commas', '10.0.0.1', ',,,,', '10.0.0.1'],
    ['a client in quotes', '10.0.0.1', '198.51.100.1, "203.0.113.7"', '10.0.0.1'],
    ['two lines, joined', '10.0.0.1', '198.51.100.1, 10.0.0.9, 203.0.113.7, 10.0.0.2', '203.0.113.7'],
  ])('[RATE-10] for %s', (_name, socket, header, expected) => {
    expect(clientAddress(socket, header, inner)).toBe(expected)
  })

  it('[RATE-10] a list of proxies without end is not followed, nor is a megabyte of anything read', () => {
    const endless = Array.from({ length: 100_000 }, (_, i) => `10.0.${(i >> 8) & 255}.${i & 255}`).join(', ')
    expect(clientAddress('10.0.0.1', `203.0.113.7, ${endless}`, inner)).toMatch(/^10\./)
    for (const junk of ['a', ',', ' ', '"', '\\', '\\"', '"\\', ';', 'for=', '[', '1.1.1.1 ']) {
      const header = junk.repeat(1_000_000 / junk.length)
      for (const by of ['x-forwarded', 'forwarded'] as const) {
        expect(clientAddress('10.0.0.1', header, inner, by)).toBe('10.0.0.1')
        expect(forwardedProto(header, by)).toBeUndefined()
        const honest = by === 'forwarded' ? 'for=203.0.113.7' : '203.0.113.7'
        expect(clientAddress('10.0.0.1', `${header}, ${honest}`, inner, by)).toBe('203.0.113.7')
      }
    }
  })

  it.each([
    [0, '10.0.0.1'],
    [1, '10.0.0.2'],
    [2, '203.0.113.7'],
    [3, '198.51.100.1'],
    [10, '198.51.100.1'],
  ])('[RATE-10] counts %d hops from the socket', (hops, expected) => {
    expect(clientAddress('10.0.0.1', '198.51.100.1, 203.0.113.7, 10.0.0.2', trustedProxies(hops))).toBe(expected)
  })

  it('[RATE-10] is never moved by what stands left of the first machine that is not trusted', () => {
    const stranger = v4.filter((ip) => !inner.trusts(ip, 0))
    const proxies = fc.array(
      fc.nat(255).map((n) => `10.0.0.${n}`),
      { maxLength: 4 },
    )
    fc.assert(
      fc.property(fc.string(), stranger, proxies, (forged, client, chain) => {
        const header = [forged, client, ...chain].join(', ')
        expect(clientAddress('10.1.1.1', header, inner)).toBe(client)
      }),
    )
  })

  it('[RATE-10] is the address nearest to us that is not trusted, whatever a client outside writes, in either header', () => {
    const outside = fc.oneof(v4, fc.ipV6()).filter((ip) => {
      const canonical = clientAddress(ip, undefined, inner)
      return canonical !== undefined && !inner.trusts(canonical, 0)
    })
    const hostile = fc.oneof(
      fc.string({ unit: fc.constantFrom(...'",;=\\ []:.%_for10a'.split('')) }),
      fc.string(),
      fc
        .array(fc.constantFrom('10.0.0.1', '203.0.113.9', 'for="', 'for=10.0.0.1', '"', ',', ';', '\\', ' ', 'unknown'))
        .map((parts) => parts.join('')),
    )
    const proxies = fc.array(fc.nat(255), { maxLength: 5 }).map((all) => all.map((n) => `10.0.0.${n}`))
    fc.assert(
      fc.property(hostile, outside, proxies, fc.boolean(), (forged, client, chain, port) => {
        const expected = clientAddress(client, undefined, inner)
        const bracketed = client.includes(':') ? `[${client}]` : client
        const said = [port ? `${bracketed}:4711` : client, ...chain]
        expect(clientAddress('10.1.1.1', [forged, ...said].join(', '), inner)).toBe(expected)
        const elements = [port ? `${bracketed}:4711` : bracketed, ...chain].map((node) => `by=_us;for="${node}";proto=https`)
        expect(clientAddress('10.1.1.1', [forged, ...elements].join(', '), inner, 'forwarded')).toBe(expected)
        expect(forwardedProto([forged, ...elements].join(', '), 'forwarded')).toBe('https')
      }),
      { numRuns: 1000 },
    )
  })

  it('[RATE-10] through a Unix socket, which has no addresses, is known by hops only', () => {
    expect(clientAddress(undefined, '198.51.100.1, 203.0.113.7', trustedProxies(1))).toBe('203.0.113.7')
    expect(clientAddress(undefined, undefined, trustedProxies(1))).toBeUndefined()
    // Who has gone away has no address either: nobody gets onto a list by leaving early.
    expect(clientAddress(undefined, '198.51.100.1, 203.0.113.7', trustedProxies(['loopback', 'private']))).toBeUndefined()
  })

  it('[RATE-10] listens to nobody when nobody is trusted', () => {
    fc.assert(
      fc.property(fc.string(), v4, (forged, client) => {
        expect(clientAddress(client, forged, trustedProxies([]))).toBe(client)
      }),
    )
  })
})
