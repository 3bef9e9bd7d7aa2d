import { isIP, SocketAddress } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { InvalidArgumentError, networkOf, parseAddress } from '../src/index.ts'

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
    ['[fe80::1%eth0]:443', 'fe80::1'],
    ['::ffff:7f00:1', '127.0.0.1'],
    ['::FFFF:7F00:0001%lo', '127.0.0.1'],
    ['0000:0000:0000:0000:0000:ffff:7f00:0001', '127.0.0.1'],
    ['::ffff:203.0.113.7%eth0', '203.0.113.7'],
    ['2001:db8:0:1:0:0:0:1', '2001:db8:0:1::1'],
    ['2001:0:0:1:0:0:1:1', '2001::1:0:0:1:1'],
    ['1:0:2:0:3:0:4:0', '1:0:2:0:3:0:4:0'],
    ['1::', '1::'],
    ['64:ff9b::203.0.113.7', '64:ff9b::cb00:7107'],
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
    '127.1',
    '0x7f.1',
    '0x7f000001',
    '0177.0.0.1',
    '127.0.0.1.',
    '::ffff:0177.0.0.1',
    '::ffff:127.1',
    '\u0661\u0662\u0667.0.0.1', // digits of other scripts
    '\uff11\uff12\uff17.0.0.1',
    '127\u30020\u30020\u30021', // full stops that names are allowed to have
    '[203.0.113.7]',
    '[203.0.113.7]:80',
    '203.0.113.7%eth0',
    'fe80::1%',
    'fe80::1%eth0 ',
    'fe80::1%<script>',
    '[]:80',
    '[[::1]]',
    '::1]:80',
    '203.0.113.7:4711:80',
    'http://203.0.113.7',
    '\u00a0203.0.113.7',
    '203.0.113.7\0',
    '::ffff:203.0.113.7:80',
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

  it('[RATE-10] writes IPv6 as the operating system does, where that does not take old spellings for IPv4', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(0, 0, 0, 1, 0xff, 0xffff, 0xdb8), { minLength: 8, maxLength: 8 }), (groups) => {
        const address = groups.map((group) => group.toString(16)).join(':')
        const systems = new SocketAddress({ address, family: 'ipv6' }).address
        if (!systems.includes('.')) expect(parseAddress(address)).toBe(systems)
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

describe('networkOf', () => {
  it.each([
    ['203.0.113.7', {}, '203.0.113.7'],
    ['203.0.113.7', { v4: 24 }, '203.0.113.0/24'],
    ['203.0.113.7:80', { v4: 9 }, '203.0.0.0/9'],
    ['255.255.255.255', { v4: 25 }, '255.255.255.128/25'],
    ['2001:db8:1:2:3:4:5:6', {}, '2001:db8:1:2::/64'],
    ['2001:db8:1:2::1', { v6: 48 }, '2001:db8:1::/48'],
    ['2001:db8:1:2ff::1', { v6: 56 }, '2001:db8:1:200::/56'],
    ['2001:db8:1:2::1', { v6: 128 }, '2001:db8:1:2::1'],
    ['fe80::1%eth0', {}, 'fe80::/64'],
    ['::1', {}, '::/64'],
    ['not an address', {}, undefined],
  ])('[RATE-10] of %s with %j is %s', (address, prefix, expected) => {
    expect(networkOf(address, prefix)).toBe(expected)
  })

  it.each([
    '::ffff:203.0.113.7',
    '::ffff:cb00:7107',
    '[::FFFF:CB00:7107]:80',
    '0:0:0:0:0:ffff:203.0.113.7',
    '64:ff9b::cb00:7107',
  ])('[RATE-10] CVE-2026-30827: %s is no member of a network that all of IPv4 shares', (address) => {
    expect(networkOf(address)).toBe('203.0.113.7')
    expect(networkOf(address, { v4: 24, v6: 56 })).toBe('203.0.113.0/24')
  })

  it('[RATE-10] is one for all addresses that its owner may take, and another for any other', () => {
    const half = fc
      .array(fc.integer({ min: 1, max: 0xffff }), { minLength: 4, maxLength: 4 })
      .map((groups) => groups.map((g) => g.toString(16)).join(':'))
    fc.assert(
      fc.property(half, half, half, half, (net, other, a, b) => {
        const of = networkOf(`${net}:${a}`)
        expect(networkOf(`${net}:${b}`)).toBe(of)
        if (net !== other) expect(networkOf(`${other}:${a}`)).not.toBe(of)
      }),
    )
  })

  it.each([{ v4: 7 }, { v4: 33 }, { v4: 24.5 }, { v6: 15 }, { v6: 129 }, { v6: Number.NaN }])(
    '[RATE-10] has no length %j',
    (prefix) => {
      expect(() => networkOf('203.0.113.7', prefix)).toThrow(InvalidArgumentError)
    },
  )
})
