import type { SecurityEvent } from '@wardstone/core'

/** Another certificate is served, or trusted, from now on. */
export type TlsReloaded = SecurityEvent<'tls_reloaded', { readonly fingerprint256: string; readonly expiresAt: number }>

/**
 * The files of a certificate changed into something that cannot be served: the one before stays in use. Told once for each such
 * change; critical when the one in use has not long to go.
 */
export type TlsReloadFailed = SecurityEvent<
  'tls_reload_failed',
  {
    /** What is wrong, in words that hold nothing of the files. */
    readonly problems: readonly string[]
    /** When the certificate in use ends. */
    readonly expiresAt: number
  }
>

/** The certificate in use ends within 14 days, or, then critical, within two: nobody has renewed it. */
export type TlsCertificateExpiring = SecurityEvent<
  'tls_certificate_expiring',
  { readonly fingerprint256: string; readonly expiresAt: number }
>

/** Everything that `createTls` reports. */
export type TlsEvent = TlsReloaded | TlsReloadFailed | TlsCertificateExpiring
