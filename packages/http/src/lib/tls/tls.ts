import type { Agent, AgentOptions } from 'node:https'
import type { SecureContext, SecureContextOptions, TlsOptions as NodeTlsOptions } from 'node:tls'

/** What `https.createServer`, `http2.createSecureServer` and Fastify's `https` take. */
export type TlsServerOptions = Required<
  Pick<NodeTlsOptions, 'cert' | 'key' | 'minVersion' | 'requestCert' | 'rejectUnauthorized'>
> &
  Pick<NodeTlsOptions, 'ca' | 'ciphers' | 'honorCipherOrder'>

/** What `tls.connect`, `https.request` and `createSafeFetch` take. */
export interface ClientTlsOptions {
  readonly secureContext: SecureContext
}

/** A server that speaks TLS: of `node:https`, `node:http2` or `node:tls`, `app.server` of Fastify. */
export interface SecureServer {
  setSecureContext(options: SecureContextOptions): void
  once(event: 'close', listener: () => void): unknown
}

/** What came of looking at the files. */
export type TlsReload = 'reloaded' | 'unchanged' | 'failed'

/** What {@link Tls.stats} tells. */
export interface TlsStats {
  /** When the certificate in use ends, in milliseconds since the Unix epoch. */
  readonly expiresAt: number
  /** The fingerprint of the certificate in use, as Node writes it. */
  readonly fingerprint256: string
  /** How often another certificate was taken into use. */
  readonly reloads: number
  /** How often one was found that could not be. */
  readonly failedReloads: number
  /** How many servers are attached. */
  readonly servers: number
}

/** A certificate that changes while it is in use. */
export interface Tls {
  /** For the start of a server. The certificate that is in use at the moment of asking. */
  readonly options: TlsServerOptions
  /**
   * Keeps a server on the newest certificate until it is closed: new connections get it, old ones go on with theirs.
   *
   * @returns the server
   */
  attach<S extends SecureServer>(server: S): S
  /** For one connection to somebody else, who asks for our certificate. Ask anew for each: what is kept grows old. */
  clientOptions(): ClientTlsOptions
  /** An agent for `https.request` whose new connections show the newest certificate. Yours to destroy. */
  agent(options?: AgentOptions): Agent
  /**
   * Looks at the files now, and takes what is new if all of it is right: it can be read, key and certificate belong together, it
   * is valid today. Files that change while they are read are read again. Never rejects: what is wrong is an event.
   */
  reload(): Promise<TlsReload>
  stats(): TlsStats
  /** Stops looking. Servers and agents keep what they have. */
  close(): void
}
