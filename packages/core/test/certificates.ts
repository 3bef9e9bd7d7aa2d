// Certificates for tests: enough of X.509 to sign with, written by hand so that names may be as hostile as they like.
import { createHash, createPublicKey, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto'

/** A certificate and its key, in PEM. */
export interface Issued {
  readonly cert: string
  readonly key: string
}

/** What a certificate says. */
interface Subject {
  readonly name: string
  readonly dns?: readonly string[]
  readonly uris?: readonly string[]
  readonly ips?: readonly string[]
  readonly from?: number
  readonly until?: number
  /** The same key as before, as when a certificate is only renewed. */
  readonly key?: KeyObject
}

export interface Authority {
  /** The certificate of the authority. */
  readonly cert: string
  issue(subject: Subject): Issued
}

const DAY = 86_400_000

/** An authority of its own key; two of the same name do not trust each other. */
export function authority(name = 'Test CA'): Authority {
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const own = certificate(
    { name, from: Date.now() - 400 * DAY, until: Date.now() + 400 * DAY },
    keys.publicKey,
    name,
    keys.privateKey,
    true,
  )
  return {
    cert: own,
    issue(subject) {
      const key = subject.key ?? generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
      const cert = certificate(subject, createPublicKey(key), name, keys.privateKey, false)
      return { cert, key: key.export({ type: 'pkcs8', format: 'pem' }) as string }
    },
  }
}

function certificate(subject: Subject, key: KeyObject, issuer: string, issuerKey: KeyObject, isAuthority: boolean): string {
  const { from = Date.now() - DAY, until = Date.now() + 90 * DAY } = subject
  const spki = key.export({ type: 'spki', format: 'der' })
  const names = [
    ...(subject.dns ?? []).map((text) => der(0x82, Buffer.from(text, 'latin1'))),
    ...(subject.uris ?? []).map((text) => der(0x86, Buffer.from(text, 'latin1'))),
    ...(subject.ips ?? []).map((text) => der(0x87, Buffer.from(text.split('.').map(Number)))),
  ]
  const extensions = [
    extension('2.5.29.19', isAuthority ? seq(der(0x01, Buffer.from([0xff]))) : seq(), true),
    extension('2.5.29.14', der(0x04, createHash('sha1').update(spki).digest())),
    ...(names.length > 0 ? [extension('2.5.29.17', seq(...names))] : []),
  ]
  const algorithm = seq(oid('1.2.840.10045.4.3.2')) // ecdsa-with-SHA256
  const tbs = seq(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    algorithm,
    distinguished(issuer),
    seq(time(from), time(until)),
    distinguished(subject.name),
    spki,
    der(0xa3, seq(...extensions)),
  )
  const whole = seq(tbs, algorithm, bits(sign('sha256', tbs, issuerKey)))
  return `-----BEGIN CERTIFICATE-----\n${whole.toString('base64').replace(/.{1,64}/g, '$&\n')}-----END CERTIFICATE-----\n`
}

function der(tag: number, content: Buffer): Buffer {
  const { length } = content
  const head = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255]
  return Buffer.concat([Buffer.from([tag, ...head]), content])
}

const seq = (...parts: readonly Buffer[]): Buffer => der(0x30, Buffer.concat(parts))
const bits = (content: Buffer): Buffer => der(0x03, Buffer.concat([Buffer.from([0]), content]))
const distinguished = (name: string): Buffer => seq(der(0x31, seq(oid('2.5.4.3'), der(0x0c, Buffer.from(name)))))

function extension(id: string, value: Buffer, critical = false): Buffer {
  return seq(oid(id), ...(critical ? [der(0x01, Buffer.from([0xff]))] : []), der(0x04, value))
}

function time(ms: number): Buffer {
  return der(0x18, Buffer.from(new Date(ms).toISOString().replace(/[-:T]|\.\d+/g, '')))
}

function oid(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number)
  return der(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]))
}

function base128(value: number): number[] {
  const low = [value & 127]
  for (let left = value >>> 7; left > 0; left >>>= 7) low.unshift((left & 127) | 128)
  return low
}
