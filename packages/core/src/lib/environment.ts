/**
 * The codes of the warnings that Wardstone emits through `process.emitWarning`, so that a deployment can fail on them.
 *
 * - `WARDSTONE_CSRF_OFF`: Cookies are believed, and no `csrf` refuses what pages of other origins change by them.
 * - `WARDSTONE_EPHEMERAL_KEYS`: Signing keys were made in memory; they and every token die with the process.
 * - `WARDSTONE_EPHEMERAL_SECRETS`: Secrets were made in memory; sessions die with the process.
 * - `WARDSTONE_EPHEMERAL_STORE`: Sessions live in this process only.
 * - `WARDSTONE_INSECURE_COOKIE`: the refresh cookie goes over plain http, since `NODE_ENV` is not `production`.
 * - `WARDSTONE_HOST_PROXY_SETTING`: The web framework trusts proxies by a rule of its own that differs from `trustedProxies`.
 * - `WARDSTONE_NONCE_CACHED`: A page with a nonce asked to be cached, and was sent with `no-store`.
 * - `WARDSTONE_UNTRUSTED_PROXY`: A request told by its headers where it came from, and `trustedProxies` was left out.
 * - `WARDSTONE_UNSAFE_CSP`: The content security policy lets scripts run that an attacker can bring.
 * - `WARDSTONE_NO_FRAMEWORK_ERRORS`: What Fastify refuses before any hook runs is answered without any of the security headers.
 * - `WARDSTONE_NO_REQUEST_TIMEOUT`: The web framework waits without end for a request that comes slowly.
 * - `WARDSTONE_PUBLIC_ORIGINS`: In production, browsers that say only their origin are refused on the application's own pages.
 * - `WARDSTONE_PROXY_WITHOUT_SCHEME`: A trusted proxy does not say whether its clients speak TLS, so none of them does.
 * - `WARDSTONE_REDIS_COMMAND_TIMEOUT`: The Redis client has a `commandTimeout`, which ends calls before their deadline.
 * - `WARDSTONE_REDIS_EVICTION`: Redis evicts keys when memory is short, and with them sessions, limits and revocations.
 * - `WARDSTONE_REDIS_NO_RECONNECT`: The Redis client does not connect again after the connection is lost.
 * - `WARDSTONE_REDIS_QUEUES`: The Redis client holds commands back while it is not connected, and sends them again.
 * - `WARDSTONE_REDIS_READY_CHECK`: The Redis client does not wait until a server has loaded its data.
 * - `WARDSTONE_REDIS_REPLICA_READS`: The Redis client reads from replicas, which lag behind.
 * - `WARDSTONE_REDIS_VERSION`: Redis is older than what Wardstone is made for.
 */
export type WarningCode =
  | 'WARDSTONE_CSRF_OFF'
  | 'WARDSTONE_EPHEMERAL_KEYS'
  | 'WARDSTONE_EPHEMERAL_SECRETS'
  | 'WARDSTONE_EPHEMERAL_STORE'
  | 'WARDSTONE_HOST_PROXY_SETTING'
  | 'WARDSTONE_INSECURE_COOKIE'
  | 'WARDSTONE_NONCE_CACHED'
  | 'WARDSTONE_NO_FRAMEWORK_ERRORS'
  | 'WARDSTONE_NO_REQUEST_TIMEOUT'
  | 'WARDSTONE_PROXY_WITHOUT_SCHEME'
  | 'WARDSTONE_PUBLIC_ORIGINS'
  | 'WARDSTONE_REDIS_COMMAND_TIMEOUT'
  | 'WARDSTONE_REDIS_EVICTION'
  | 'WARDSTONE_REDIS_NO_RECONNECT'
  | 'WARDSTONE_REDIS_QUEUES'
  | 'WARDSTONE_REDIS_READY_CHECK'
  | 'WARDSTONE_REDIS_REPLICA_READS'
  | 'WARDSTONE_REDIS_VERSION'
  | 'WARDSTONE_UNSAFE_CSP'
  | 'WARDSTONE_UNTRUSTED_PROXY'

/**
 * Whether this process runs in production: `NODE_ENV` is `production`. Services ask once, at construction: what may be
 * left out in development must be given there.
 */
export function isProduction(): boolean {
  return process.env['NODE_ENV'] === 'production'
}

/** Emits a coded Node warning (`process.on('warning', (w) => w.code)`). */
export function warn(code: WarningCode, message: string): void {
  process.emitWarning(message, { type: 'WardstoneWarning', code })
}
