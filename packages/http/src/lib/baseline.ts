import { readOptions, type OptionReader } from '@wardstone/core'
import { readBodyRules, type BodyOptions } from './body-rules.ts'
import { readClient, type ClientOptions } from './client.ts'
import { checkComposition } from './composition.ts'
import { readContextStorage, type ContextStorageOptions } from './context-storage.ts'
import { readCors, type CorsOptions, type CorsPart } from './cors/cors.ts'
import { readCsrf, type CsrfOptions } from './csrf/csrf.ts'
import type { Guard } from './decision.ts'
import { readHttps, type HttpsOptions } from './https.ts'
import { guardOf } from './part.ts'
import type { SecureHeadersOptions } from './secure-headers/plan.ts'
import { readSecureHeaders } from './secure-headers/secure-headers.ts'
import { readSite, type Site, type SiteOptions } from './site.ts'

/** Options of {@link baseline}. */
export interface BaselineOptions extends ClientOptions, ContextStorageOptions, BodyOptions, SiteOptions {
  /**
   * What becomes of requests that came without TLS: `redirect` sends reads to the first of `publicOrigins`, and refuses everything
   * else. Default `off`: for development, and for hosts that nobody reaches but a proxy that redirects.
   */
  readonly https?: 'off' | 'redirect' | HttpsOptions | undefined
  /** The security headers; `false` sets none. */
  readonly headers?: SecureHeadersOptions | false | undefined
  /** Whose pages may read responses. Default, and `false`: only the application's own. */
  readonly cors?: CorsOptions | false | undefined
  /** How requests are refused that change something and another site caused; `false` refuses none. On by default. */
  readonly csrf?: CsrfOptions | false | undefined
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
  /** Whether the application keeps its requests in a storage: what comes next goes through `inContext`, also where a host loses it. */
  readonly keepsContext: boolean
}

/**
 * Compiles the options of `baseline` for an adapter.
 *
 * @throws {@link ConfigurationError} `invalid_options`
 */
export function readBaseline(options: BaselineOptions = {}): Baseline {
  return readOptions('baseline', options, (o) => {
    const site = readSite(o)
    const storage = readContextStorage(o)
    const headersOptions = bagOf(o, 'headers', "{ preset: 'api' }")
    const headers = headersOptions && readSecureHeaders(headersOptions)
    const cors = readCorsOf(o, site)
    const csrfOptions = o.part('csrf')
    const csrf = csrfOptions && readCsrf(csrfOptions, site, cors)
    checkComposition(o, { cors, csrf, site })
    const parts = [storage, readClient(o), headers, readHttps(o, site), cors, csrf, readBodyRules(o)]
    return {
      guard: guardOf(...parts.filter((part) => part !== undefined)),
      nonces: headers?.nonces ?? false,
      keepsContext: storage !== undefined,
    }
  })
}

/** Not `nested`: left out means none. */
function readCorsOf(o: OptionReader, site: Site): CorsPart | undefined {
  const given = o.value<CorsOptions | false>('cors', '', () => true)
  const bag = given === undefined || given === false ? undefined : bagOf(o, 'cors', "{ origins: ['https://app.example.com'] }")
  return bag && readCors(bag, site)
}

/** The options of a part; for a text or a list, which a hurried hand writes, what they look like. */
function bagOf(o: OptionReader, name: 'headers' | 'cors', example: string): OptionReader | undefined {
  const given = o.value<unknown>(name, '', () => true)
  if (typeof given !== 'string' && !Array.isArray(given)) return o.part(name)
  o.problem(name, `expected an object such as ${example}`)
  return undefined
}
