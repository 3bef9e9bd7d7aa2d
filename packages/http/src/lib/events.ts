import type { SecurityEvent } from '@wardstone/core'

/** What an event tells of a request that came from another origin. */
export interface CrossOriginData {
  /** The `Origin` header, if it is one; at most 256 characters. */
  readonly origin?: string | undefined
  readonly method: string
  /** The pattern of the route, where it is known. The request's id leads to the path. */
  readonly route?: string | undefined
}

/** A page of an origin that is not listed asked whether it may send a request, and may not. */
export type CorsRefused = SecurityEvent<'malicious_cors', CrossOriginData & { readonly reason: 'origin_unlisted' }>

/** A request that changes something came from another site, or without a sign that it did not. */
export type CrossSiteRefused = SecurityEvent<
  'cross_site_request',
  CrossOriginData & {
    readonly reason: 'fetch_metadata' | 'origin' | 'unsignalled' | 'token_missing' | 'token_invalid'
  }
>

/** Everything that `baseline` reports. */
export type HttpEvent = CorsRefused | CrossSiteRefused
