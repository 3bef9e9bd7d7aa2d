import type { TLSSocket } from 'node:tls'
import { isThenable, readOptions, type Now, type Principal } from '@wardstone/core'
import { principalKey, type HttpContext } from '../context.ts'
import { ALLOW, deny, type Decision, type Guard, type Refused } from '../decision.ts'
import { messageOf } from '../node/message.ts'
import { peerCertificate, type PeerCertificate } from './peer.ts'

/**
 * Why a request of a service was refused.
 *
 * - `client_certificate_required`: 401. The connection carries no certificate of the client.
 * - `client_certificate_untrusted`: 403. The certificate comes from an authority that is not trusted here, or cannot be read.
 * - `client_certificate_expired`: 403. The certificate has ended, perhaps since the connection began.
 * - `client_certificate_unknown`: 403. The certificate is good, and nobody here is called so.
 */
export type TlsProblemCode =
  | 'client_certificate_required'
  | 'client_certificate_untrusted'
  | 'client_certificate_expired'
  | 'client_certificate_unknown'

/** Options of {@link clientCertificate}. */
export interface ClientCertificateOptions {
  /**
   * Says who a certificate speaks for; `undefined` or `null`, as a look-up answers, for nobody, and so does whatever has no `id`.
   * Compare whole names: a prefix of a URI is somebody else, too.
   */
  readonly principal: (certificate: PeerCertificate) => Found | PromiseLike<Found>
  /** Default `Date.now`. */
  readonly now?: Now | undefined
}

/**
 * Lets services in by the certificate of their connection, and makes of each a principal. Needs `createTls` with `clients`, and
 * the connection itself: behind a proxy that ends TLS there is none to look at, and every request is refused. What a proxy says of
 * a certificate in a header is not read, since whoever reaches the application past the proxy says the same.
 *
 * @throws {@link ConfigurationError} `invalid_options`
 *
 * @example
 * ```ts
 * import { guard } from '@wardstone/http/node'
 * import { clientCertificate } from '@wardstone/http/tls'
 *
 * const services = new Map([['spiffe://example.org/billing', { id: 'billing', roles: ['service'], claims: {} }]])
 *
 * export const servicesOnly = guard(clientCertificate({ principal: ({ uris: [uri = ''] }) => services.get(uri) }))
 * ```
 */
export function clientCertificate(options: ClientCertificateOptions): Guard {
  const { principal, now } = readOptions('clientCertificate', options, (o) => ({
    principal: o.callback<ClientCertificateOptions['principal']>('principal', true),
    now: o.callback<Now | undefined>('now') ?? Date.now,
  }))
  const known: KnownPeers = new WeakMap()
  return function clientCertificateGuard(ctx) {
    const peer = peerOf(ctx, known, now)
    if ('ok' in peer) return peer
    const settle = (found: unknown): Decision => {
      if (!isPrincipal(found)) return unknown(ctx, peer)
      ctx.state.set(principalKey, found)
      return ALLOW
    }
    const found = principal(peer)
    return isThenable(found) ? Promise.resolve(found).then(settle) : settle(found)
  }
}

/** What a look-up finds. */
type Found = Principal | null | undefined

/** Whoever is nobody must not pass for somebody, and what `principal` answers is not always what its type says. */
function isPrincipal(found: unknown): found is Principal {
  const id = typeof found === 'object' && found !== null ? (found as Partial<Principal>).id : undefined
  return typeof id === 'string' && id !== ''
}

/** What was read of connections, since many requests come over one. */
type KnownPeers = WeakMap<TLSSocket, PeerCertificate>

function peerOf(ctx: HttpContext, known: KnownPeers, now: Now): PeerCertificate | Refused {
  const socket = messageOf(ctx)?.socket as TLSSocket | undefined
  // A literal context, a request over `Request`, or a connection whose TLS ended before us.
  if (socket?.encrypted !== true)
    return missing(ctx, 'this connection is not TLS: certificates are seen only where TLS ends, not behind a proxy that ends it')
  const peer = known.get(socket) ?? verified(ctx, socket)
  if ('ok' in peer) return peer
  // Before TLS 1.3, a client may show another certificate in the middle of a connection.
  if (socket.getProtocol() === 'TLSv1.3') known.set(socket, peer)
  // Verified when the connection began: connections and sessions outlive certificates.
  if (now() >= peer.validTo) {
    const why = `the certificate ended at ${new Date(peer.validTo).toISOString()}`
    return deny(ctx, { status: 403, code: 'client_certificate_expired', detail: 'Connect anew with a valid certificate.' }, why)
  }
  return peer
}

function verified(ctx: HttpContext, socket: TLSSocket): PeerCertificate | Refused {
  const certificate = socket.getPeerX509Certificate()
  if (certificate === undefined)
    return missing(ctx, "the client showed no certificate; with clients: 'none' the server asks for none")
  // Where certificates are optional, TLS lets any in, also one that the client has signed itself.
  if (!socket.authorized)
    return untrusted(ctx, `the certificate was not verified: ${String(socket.authorizationError).slice(0, 100)}`)
  return peerCertificate(certificate) ?? untrusted(ctx, 'the names of the certificate cannot be told apart')
}

/** No registered scheme says "with a certificate"; some scheme must be named. */
const CHALLENGE = [['www-authenticate', 'ClientCertificate']] as const

function missing(ctx: HttpContext, why: string): Refused {
  return deny(ctx, { status: 401, code: 'client_certificate_required', headers: CHALLENGE }, why)
}

function untrusted(ctx: HttpContext, why: string): Refused {
  return deny(ctx, { status: 403, code: 'client_certificate_untrusted' }, why)
}

function unknown(ctx: HttpContext, { uris, dnsNames, commonName }: PeerCertificate): Refused {
  const name = uris[0] ?? dnsNames[0] ?? commonName ?? 'without a name'
  return deny(ctx, { status: 403, code: 'client_certificate_unknown' }, `no principal for the certificate ${name.slice(0, 200)}`)
}
