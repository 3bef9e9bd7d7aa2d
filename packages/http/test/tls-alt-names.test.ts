import { generateKeyPairSync, X509Certificate } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseAltNames } from '../src/lib/tls/alt-names.ts'
import { peerCertificate } from '../src/lib/tls/peer.ts'
import { ca } from './tls-kit.ts'

const admin = 'spiffe://example.org/admin'

describe('the names of a certificate', () => {
  const read = (names: { dns?: string[]; uris?: string[]; ips?: string[] }) =>
    peerCertificate(new X509Certificate(ca.issue({ name: 'billing', ...names }).cert))

  it('[HTTP-8] are lists, with what else names and ends it', () => {
    const certificate = new X509Certificate(
      ca.issue({ name: 'billing', dns: ['a.test', '*.b.test'], uris: ['spiffe://example.org/billing'], ips: ['10.0.0.1'] }).cert,
    )
    expect(peerCertificate(certificate)).toEqual({
      commonName: 'billing',
      dnsNames: ['a.test', '*.b.test'],
      uris: ['spiffe://example.org/billing'],
      fingerprint256: certificate.fingerprint256,
      serialNumber: certificate.serialNumber,
      validTo: certificate.validToDate.getTime(),
    })
    expect(read({})).toMatchObject({ dnsNames: [], uris: [] })
  })

  // Whoever may choose one name must not get another: an authority that signs `x, URI:spiffe://…/admin` as a host's name has not signed admin.
  it.each([
    `x.test, URI:${admin}`,
    `x.test,URI:${admin}`,
    `x.test", URI:${admin}`,
    `x.test", URI:${admin}, DNS:"y`,
    `", URI:${admin}, DNS:"`,
    `x.test\\", URI:${admin}`,
    `x.test\0, URI:${admin}`,
    `x.test\n, URI:${admin}`,
    `x.test\u0000`,
    `URI:${admin}`,
    `, URI:${admin}`,
    `\xe4, URI:${admin}`,
  ])('[HTTP-8] are not made by another name: DNS %j (CVE-2021-44532)', (dns) => {
    expect(read({ dns: [dns] })).toMatchObject({ uris: [], dnsNames: [expect.anything()] })
  })

  it.each([`spiffe://example.org/x, URI:${admin}`, `${admin}\0`, `"${admin}"`, `${admin}, DNS:a.test`])(
    '[HTTP-8] are not made by another name: URI %j',
    (uri) => {
      const names = read({ uris: [uri] })
      expect(names?.uris).not.toContain(admin)
      expect(names?.dnsNames).toEqual([])
    },
  )

  it('[HTTP-8] come back as they were written, whatever they hold', () => {
    const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
    const unit = fc.oneof(
      fc.constantFrom(',', ' ', ':', '"', '\\', 'URI:', 'DNS:', ', ', '\0', '\n'),
      fc.string({ maxLength: 3 }),
    )
    const name = fc.array(unit, { minLength: 1, maxLength: 8 }).map((parts) => parts.join('') || 'x')
    fc.assert(
      fc.property(fc.array(name, { maxLength: 4 }), fc.array(name, { maxLength: 4 }), (dns, uris) => {
        const read = peerCertificate(new X509Certificate(ca.issue({ name: 'x', dns, uris, key }).cert))
        expect(read).toMatchObject({ dnsNames: dns, uris })
      }),
    )
  })

  it.each(['DNS:"x', 'DNS:a, ', ', DNS:a', 'DNS', '', 'DNS:"\\q"', 'DNS:a"b', 'DNS:a,URI:b', 'DNS:a, URI:b,', 'a.test'])(
    '[HTTP-8] that no reader could be sure of are none: %j',
    (text) => {
      expect(parseAltNames(text)).toBeUndefined()
    },
  )
})
