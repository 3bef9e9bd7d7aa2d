import { ConfigurationError, readOptions, type Duration, type EventSink, type Now } from '@wardstone/core'
import type { TlsEvent } from './events.ts'
import { check, type MinVersion } from './material.ts'
import { ReloadingTls } from './reloading-tls.ts'
import type { Tls } from './tls.ts'
import { isPemSource, readPemsSync, type PemSource } from './source.ts'

/** Options of {@link createTls}. */
export interface TlsOptions {
  /** The certificate, followed by those between it and the authority. */
  readonly cert: PemSource
  /** Its private key, without a passphrase. */
  readonly key: PemSource
  /** The authorities that clients' certificates must come from; of connections to others, the only ones believed. */
  readonly ca?: PemSource | readonly PemSource[] | undefined
  /**
   * Whether clients show a certificate: `none` are asked for one; `required` ends the handshake without a good one; `optional`
   * lets everybody in, and `clientCertificate` on a route decides. Default `none`.
   */
  readonly clients?: 'none' | 'optional' | 'required' | undefined
  /** Default `TLSv1.3`. `TLSv1.2` takes forward-secret, authenticated ciphers only. */
  readonly minVersion?: MinVersion | undefined
  /** How often the files are looked at, at least 10 s apart. Default `1m`; `false`: only when `reload` is called. */
  readonly reload?: Duration | false | undefined
  /** Told of each change, of failed ones, and ahead of the end of a certificate. */
  readonly events?: EventSink<TlsEvent> | undefined
  /** Default `Date.now`. */
  readonly now?: Now | undefined
}

/**
 * TLS for a server, at least 1.3, with certificates that change while it serves, and mutual TLS between services: the same
 * certificate for connections to others. Files are watched by reading them, so that renamed files, exchanged links (Kubernetes)
 * and network file systems are noticed alike.
 *
 * @throws {@link ConfigurationError} `invalid_options`, also for a certificate that cannot be read, has expired or belongs to another key
 * @see {@link https://www.rfc-editor.org/rfc/rfc9325 | RFC 9325}
 *
 * @example
 * ```ts
 * import { createServer } from 'node:https'
 * import { listener } from '@wardstone/http/node'
 * import { createTls } from '@wardstone/http/tls'
 *
 * export function start(folder: string): void {
 *   const tls = createTls({ cert: `${folder}/tls.crt`, key: `${folder}/tls.key`, events: (event) => console.log(event.name) })
 *   tls.attach(createServer(tls.options, listener([]))).listen(8443)
 * }
 * ```
 */
export function createTls(options: TlsOptions): Tls {
  const settings = readOptions('createTls', options, (o) => {
    const expected = 'expected the path of a file, PEM, or a secret'
    const cert = o.value<PemSource>('cert', expected, isPemSource)
    const key = o.value<PemSource>('key', expected, isPemSource)
    if (cert === undefined) o.problem('cert', `required; ${expected}`)
    if (key === undefined) o.problem('key', `required; ${expected}`)
    const ca = o.value<PemSource | readonly PemSource[]>('ca', `${expected}, or a list of them`, isListOfSources)
    const clients = o.oneOf('clients', ['none', 'optional', 'required'], 'none')
    if (clients !== 'none' && (ca === undefined || (Array.isArray(ca) && ca.length === 0)))
      o.problem('ca', 'required with clients: without it, whoever has a certificate of any public authority is let in')
    return {
      sources: { cert: cert ?? '', key: key ?? '', ca: ca === undefined ? [] : ([ca].flat() as readonly PemSource[]) },
      clients,
      minVersion: o.oneOf('minVersion', ['TLSv1.3', 'TLSv1.2'], 'TLSv1.3'),
      everyMs: isOff(options) ? (o.part('reload'), undefined) : o.lifetime('reload', '1m'),
      events: o.callback<TlsOptions['events']>('events'),
      now: o.callback<Now | undefined>('now') ?? Date.now,
    }
  })
  const checked = check(readPemsSync(settings.sources), settings.minVersion, settings.now())
  if ('problems' in checked) throw new ConfigurationError('createTls', checked.problems)
  return new ReloadingTls(settings, checked.material)
}

function isListOfSources(value: unknown): boolean {
  return Array.isArray(value) ? value.every(isPemSource) : isPemSource(value)
}

/** Asked of whatever a caller without types gives: the reader tells what is wrong with it. */
function isOff(options: unknown): boolean {
  return (options as TlsOptions | undefined)?.reload === false
}
