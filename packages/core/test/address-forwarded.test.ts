import { describe, expect, it } from 'vitest'
import { clientAddress, forwardedProto, trustedProxies } from '../src/index.ts'

const inner = trustedProxies(['10.0.0.0/8'])

const client = (header: string | undefined): string | undefined => clientAddress('10.0.0.1', header, inner, 'forwarded')

describe('Forwarded (RFC 7239)', () => {
  it.each([
    ['an address', 'for=203.0.113.7', '203.0.113.7'],
    ['names in any case', 'For=203.0.113.7;PROTO=http;by=203.0.113.43', '203.0.113.7'],
    ['an address in quotes', 'for="203.0.113.7"', '203.0.113.7'],
    ['a port, in quotes', 'for="203.0.113.7:4711"', '203.0.113.7'],
    ['an obfuscated port', 'for="203.0.113.7:_gazonk"', '203.0.113.7'],
    ['IPv6', 'for="[2001:DB8::1]"', '2001:db8::1'],
    ['IPv6 with a port', 'for="[2001:db8::1]:4711"', '2001:db8::1'],
    ['a mapped address', 'for="[::ffff:cb00:7107]"', '203.0.113.7'],
    ['several elements', 'for=198.51.100.1, for=203.0.113.7;proto=https, for=10.0.0.2', '203.0.113.7'],
    ['several lines, joined', 'for=203.0.113.7,for=10.0.0.2', '203.0.113.7'],
    ['blanks after semicolons, as some proxies write them', 'proto=https; for=203.0.113.7 ; host=a', '203.0.113.7'],
    ['pairs left empty', ';for=203.0.113.7;;proto=https;', '203.0.113.7'],
    ['a comma in quotes', 'for=203.0.113.7;host="a,for=198.51.100.1"', '203.0.113.7'],
    ['an escaped quote', 'for=203.0.113.7;host="a\\",for=198.51.100.1"', '203.0.113.7'],
    ['an escaped backslash before the closing quote', 'for=198.51.100.1;host="a\\\\", for=203.0.113.7', '203.0.113.7'],
    ['escapes in an address', 'for="203.0\\.113.7"', '203.0.113.7'],
    ['a parameter that nobody knows', 'secret="x y";for=203.0.113.7', '203.0.113.7'],
    ['an open quote of the client before the honest element', 'for="198.51.100.1, for=203.0.113.7', '203.0.113.7'],
    ['an open quote and a backslash of the client', 'for="\\, for="[2001:db8::1]"', '2001:db8::1'],
    ['junk left of the client', 'for=10.0.0.9;;;==, for=203.0.113.7', '203.0.113.7'],
  ])('[RATE-10] reads %s', (_name, header, expected) => {
    expect(client(header)).toBe(expected)
  })

  it.each([
    ['unknown', 'for=unknown'],
    ['an obfuscated name', 'for=_hidden'],
    ['an obfuscated name in quotes', 'for="_SEVKISEK"'],
    ['no for at all', 'proto=https;by=203.0.113.43'],
    ['nothing', ''],
    ['two fors', 'for=198.51.100.1;for=203.0.113.7'],
    ['two fors in different cases', 'for=198.51.100.1;FOR=198.51.100.1'],
    ['IPv6 out of quotes', 'for=[2001:db8::1]'],
    ['IPv6 out of brackets', 'for="2001:db8::1"'],
    ['IPv4 in brackets', 'for="[198.51.100.1]"'],
    ['a port out of quotes', 'for=198.51.100.1:80'],
    ['blanks around the equals sign', 'for = 198.51.100.1'],
    ['an open quote', 'for="198.51.100.1'],
    ['a quote too many', 'for=198.51.100.1"'],
    ['quotes inside of a token', 'for=198"."51.100.1'],
    ['text after the quotes', 'for="198.51.100.1"x'],
    ['a bare address', '198.51.100.1'],
    ['a short address', 'for=127.1'],
    ['an empty element', 'for=198.51.100.1,,'],
    ['control characters', 'for="198.51.100.1\u0001"'],
    ['an element of half a kilobyte', `for=198.51.100.1;ext=${'x'.repeat(512)}`],
  ])('[RATE-10] ends at the proxy that wrote %s', (_name, header) => {
    expect(client(header)).toBe('10.0.0.1')
    expect(client(`for=198.51.100.1, ${header}`)).toBe('10.0.0.1')
    expect(client(`for=198.51.100.1, ${header}, for=10.0.0.2`)).toBe('10.0.0.2')
  })

  it.each([
    ['for=203.0.113.7;proto=https', 'forwarded', 'https'],
    ['for=203.0.113.7;Proto="HTTPS"', 'forwarded', 'https'],
    ['proto=https, for=10.0.0.2;proto=http', 'forwarded', 'http'],
    ['proto=https, for=10.0.0.2', 'forwarded', undefined],
    ['proto=https;proto=http', 'forwarded', undefined],
    ['proto="https "', 'forwarded', undefined],
    ['proto="https, for=203.0.113.7', 'forwarded', undefined],
    ['https', 'forwarded', undefined],
    ['https', 'x-forwarded', 'https'],
    [' HTTPS\t', 'x-forwarded', 'https'],
    ['http, https', 'x-forwarded', 'https'],
    ['https,http', 'x-forwarded', 'http'],
    ['https,', 'x-forwarded', undefined],
    ['https on', 'x-forwarded', undefined],
    ['proto=https', 'x-forwarded', undefined],
    ['', 'x-forwarded', undefined],
    [undefined, 'x-forwarded', undefined],
    [undefined, 'forwarded', undefined],
  ] as const)('[HTTP-5] in %j, %s, the nearest proxy says %s', (header, by, expected) => {
    expect(forwardedProto(header, by)).toBe(expected)
  })

  it('[RATE-10] each header is read only as what it is', () => {
    expect(clientAddress('10.0.0.1', 'for=203.0.113.7', inner)).toBe('10.0.0.1')
    expect(clientAddress('10.0.0.1', '203.0.113.7', inner, 'forwarded')).toBe('10.0.0.1')
  })
})
