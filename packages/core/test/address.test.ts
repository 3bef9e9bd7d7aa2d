import { isIP } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { clientAddress, ConfigurationError, parseAddress, trustedProxies } from '../src/index.ts'

const v4 = fc.ipV4()
const v6 = fc.ipV6().filter((text) => parseAddress(text)?.includes(':') === true)

describe('parseAddress', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['203.0.113.7:4711', '203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['::FFFF:203.0.113.7', '203.0.113.7'],
    ['::ffff:cb00:7107', '203.0.113.7'],
    ['0:0:0:0:0:ffff:203.0.113.7', '203.0.113.7'],
    ['[::ffff:203.0.113.7]:80', '203.0.113.7'],
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['2001:0db8::0001', '2001:db8::1'],
    ['[2001:db8::1]', '2001:db8::1'],
    ['[2001:db8::1]:443', '2001:db8::1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['::', '::'],
    ['::1', '::1'],
  ])('[RATE-10] reads %s as %s', (text, canonical) => {
    expect(parseAddress(text)).toBe(canonical)
  })

  it.each([
    '',
    'unknown',
    '_hidden',
    'localhost',
    'example.com',
    '203.0.113',
    '203.0.113.256',
    '0203.0.113.7', // octal to some, decimal to others
    '0xcb.0.113.7',
    '3405803783',
    ' 203.0.113.7',
    '203.0.113.7 ',
    '203.0.113.7\n',
    '203.0.113.7:',
    '203.0.113.7:port',
    '[203.0.113.7',
    '[2001:db8::1]443',
    '2001:db8::1::',
    '2001:db8::g',
    '203.0.113.0/24',
    `${'1'.repeat(200)}.1.1.1`,
  ])('[RATE-10] refuses %j', (text) => {
    expect(parseAddress(text)).toBeUndefined()
  })

  it('[RATE-10] gives one text to all spellings of an address, and reads its own', () => {
    fc.assert(
      fc.property(v4, (ip) => {
        expect(parseAddress(`::ffff:${ip}`)).toBe(parseAddress(ip))
        expect(parseAddress(`[::FFFF:${ip}]:1`)).toBe(parseAddress(`${ip}:65535`))
      }),
    )
    fc.assert(
      fc.property(v6, (ip) => {
        const canonical = parseAddress(ip) ?? ''
        expect(parseAddress(ip.toUpperCase())).toBe(canonical)
        expect(parseAddress(`[${ip}]:443`)).toBe(canonical)
        expect(parseAddress(canonical)).toBe(canonical)
      }),
    )
  })

  it('answers nothing but an address, whatever it reads', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.webAuthority({ withIPv4: true, withIPv6: true, withPort: true })), (text) => {
        const read = parseAddress(text)
        if (read !== undefined) expect(isIP(read)).not.toBe(0)
      }),
    )
  })
})

describe('trustedProxies', () => {
  it.each([
    [['10.0.0.0/8'], '10.255.0.1', true],
    [['10.0.0.0/8'], '11.0.0.1', false],
    [['10.1.2.3'], '10.1.2.3', true],
    [['10.1.2.3'], '10.1.2.4', false],
    [['10.1.2.3/8'], '10.9.9.9', true],
    [['2001:db8:1::/48'], '2001:db8:1:ffff::1', true],
    [['2001:db8:1::/48'], '2001:db8:2::1', false],
    [['::1', '127.0.0.1'], '::1', true],
    [['::1', '127.0.0.1'], '127.0.0.1', true],
    [['fc00::/7'], 'fd00::1', true],
    [[], '127.0.0.1', false],
  ])('[RATE-10] %j trusts %s: %s', (list, address, expected) => {
    expect(trustedProxies(list).trusts(address, 0)).toBe(expected)
  })

  it.each([
    '*',
    'all',
    true,
    -1,
    1.5,
    11,
    Number.NaN,
    null,
    ['loopback'],
    ['*'],
    [''],
    ['0.0.0.0/0'],
    ['::/0'],
    ['0.0.0.0/1', '128.0.0.0/1'],
    ['2000::/3'],
    ['::/1'],
    ['10.0.0.0/33'],
    ['10.0.0.0/-1'],
    ['10.0.0.0/'],
    ['10.0.0.0/8/8'],
    ['2001:db8::/129'],
    ['10.0.0.0/255.0.0.0'],
    [10],
  ])('[RATE-10] refuses %j: no names, no presets, never everything', (spec) => {
    expect(() => trustedProxies(spec as readonly string[])).toThrow(ConfigurationError)
  })

  it('knows when it trusts nobody', () => {
    expect([trustedProxies([]), trustedProxies(0), trustedProxies(1), trustedProxies(['::1'])].map((t) => t.none)).toEqual([
      true,
      true,
      false,
      false,
    ])
  })
})

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

  it('[RATE-10] listens to nobody when nobody is trusted', () => {
    fc.assert(
      fc.property(fc.string(), v4, (forged, client) => {
        expect(clientAddress(client, forged, trustedProxies([]))).toBe(client)
      }),
    )
  })
})
