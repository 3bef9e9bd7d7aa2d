import { readOptions } from '@wardstone/core'
import { readClient, type ClientOptions } from './client.ts'
import type { Guard } from './decision.ts'
import { guardOf } from './part.ts'
import type { SecureHeadersOptions } from './secure-headers/plan.ts'
import { readSecureHeaders } from './secure-headers/secure-headers.ts'
import { readSite } from './site.ts'

/** Options of {@link baseline}. */
export interface BaselineOptions extends ClientOptions {
  /** Where browsers reach the application: `https://app.example.com`, without a path. Default: nowhere is known. */
  readonly publicOrigins?: readonly string[] | undefined
  /** The security headers; `false` sets none. */
  readonly headers?: SecureHeadersOptions | false | undefined
}

/**
 * What every response of an application gets, errors and 404 included: the client's address is decided once, the request
 * gets an id, and constant headers are set. Goes on the application, before anything else.
 *
 * @throws {@link ConfigurationError} `invalid_options`
 *
 * @example
 * ```ts
 * import { baseline } from '@wardstone/http'
 *
 * export const guard = baseline({ trustedProxies: ['10.0.0.0/8'], headers: { preset: 'api' } })
 * ```
 */
export function baseline(options: BaselineOptions = {}): Guard {
  return readBaseline(options).guard
}

/** A compiled `baseline`, for authors of adapters: what only a host can do stands beside the guard. */
export interface Baseline {
  readonly guard: Guard
  /** Whether pages may ask for a nonce: give templates the function `cspNonce`. */
  readonly nonces: boolean
}

/**
 * Compiles the options of `baseline` for an adapter.
 *
 * @throws {@link ConfigurationError} `invalid_options`
 */
export function readBaseline(options: BaselineOptions = {}): Baseline {
  return readOptions('baseline', options, (o) => {
    readSite(o)
    const headersOptions = o.part('headers')
    const headers = headersOptions && readSecureHeaders(headersOptions)
    const parts = [readClient(o), headers]
    return { guard: guardOf(...parts.filter((part) => part !== undefined)), nonces: headers?.nonces ?? false }
  })
}
