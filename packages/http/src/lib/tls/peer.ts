import type { X509Certificate } from 'node:crypto'
import { parseAltNames } from './alt-names.ts'

/** What a client's certificate says, after TLS has verified it. */
export interface PeerCertificate {
  /** The subject's common name, unless there are several. For people: decide by the names below. */
  readonly commonName: string | undefined
  /** Names of hosts. */
  readonly dnsNames: readonly string[]
  /** Names as URIs, such as `spiffe://example.org/billing`. */
  readonly uris: readonly string[]
  /** SHA-256 of the certificate, in pairs of hexadecimal digits with colons. Another one after each renewal. */
  readonly fingerprint256: string
  /** Unique per authority. */
  readonly serialNumber: string
  /** When it ends, in milliseconds since the Unix epoch. */
  readonly validTo: number
}

/** The view of a certificate; `undefined` when its names cannot be told apart. */
export function peerCertificate(certificate: X509Certificate): PeerCertificate | undefined {
  const names = parseAltNames(certificate.subjectAltName)
  if (names === undefined) return undefined
  const { CN: commonName } = certificate.toLegacyObject().subject as { readonly CN?: string | string[] }
  return Object.freeze({
    commonName: typeof commonName === 'string' ? commonName : undefined,
    dnsNames: names.dns,
    uris: names.uris,
    fingerprint256: certificate.fingerprint256,
    serialNumber: certificate.serialNumber,
    validTo: certificate.validToDate.getTime(),
  })
}
