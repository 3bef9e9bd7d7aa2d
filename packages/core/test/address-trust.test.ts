import { describe, expect, it } from 'vitest'
import { ConfigurationError, trustedProxies } from '../src/index.ts'

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
    [['::ffff:10.0.0.0/104'], '10.9.9.9', true],
    [['::ffff:10.0.0.0/104'], '11.0.0.1', false],
    [['::ffff:a00:1'], '10.0.0.1', true],
    [['::ffff:10.1.0.0/112'], '10.2.0.0', false],
    [['::/80'], '10.0.0.1', false],
    [['10.0.0.0/9'], '10.127.255.255', true],
    [['10.0.0.0/9'], '10.128.0.0', false],
    [['10.1.2.3/32'], '10.1.2.2', false],
    [['2001:db8::/33'], '2001:db8:8000::', false],
    [['a00::/8'], '10.0.0.1', false],
    [['loopback'], '127.255.255.254', true],
    [['loopback'], '::1', true],
    [['loopback'], '::2', false],
    [['loopback'], '10.0.0.1', false],
    [['private'], '172.31.255.255', true],
    [['private'], '172.32.0.0', false],
    [['private'], 'fdff::1', true],
    [['private'], 'fe80::1', true],
    [['private'], '169.254.169.254', true],
    [['private'], '127.0.0.1', false],
    [['private'], '100.64.0.1', false],
    [['private'], 'fe00::1', false],
    [['cloudflare'], '172.64.0.1', true],
    [['cloudflare'], '104.27.255.255', true],
    [['cloudflare'], '104.28.0.0', false],
    [['cloudflare'], '2a06:98c7:ffff::1', true],
    [['cloudflare'], '2a06:98c8::1', false],
    [['google-load-balancer'], '35.191.255.1', true],
    [['google-load-balancer'], '130.211.4.0', false],
    [['loopback', 'cloudflare', '10.0.0.0/8'], '10.0.0.1', true],
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
    'loopback',
    ['*'],
    ['uniquelocal'],
    ['Loopback'],
    ['nginx'],
    ['proxy.internal'],
    ['10.0.0.0/8', 'localhost'],
    ['toString'],
    ['10.0.0.1:80'],
    ['[::1]'],
    ['fe80::1%eth0'],
    ['10.0.0.0/ 8'],
    ['127.1'],
    ['0177.0.0.1'],
    ['::ffff:0:0/96'],
    ['::ffff:0:0/95'],
    ['::ffff:10.0.0.0/103'],
    ['::ffff:10.0.0.0/8'],
    ['2001:db8::/129'],
    [['127.0.0.1']],
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
  ])('[RATE-10] refuses %j: no names but presets, never everything', (spec) => {
    expect(() => trustedProxies(spec as readonly string[])).toThrow(ConfigurationError)
  })

  it('[RATE-10] says of each wrong entry what to write instead, and repeats none', () => {
    let caught: unknown
    try {
      trustedProxies(['10.0.0.0/8', 'proxy.internal', '0.0.0.0/0', '10.0.0.0/33'])
    } catch (error) {
      caught = error
    }
    const { problems, message } = caught as ConfigurationError
    expect(problems.map(({ expected }) => /^entry \d: /.exec(expected)?.[0])).toEqual(['entry 2: ', 'entry 3: ', 'entry 4: '])
    expect(problems[0]?.expected).toContain('one of loopback, private, cloudflare, google-load-balancer; a host name is none')
    expect(problems[1]?.expected).toContain('everything cannot be trusted')
    expect(message).not.toMatch(/internal|0\.0\.0\.0\/0|\/33/)
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
