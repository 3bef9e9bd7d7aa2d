import { ConfigurationError, createSafeFetch, readOptions, type Duration, type SafeFetch } from '@wardstone/core'
import { followRevocations, type FollowedFeed, type RevocationBatch, type RevocationSource } from '../sessions/followed-feed.ts'
import { readBatch } from './revocation-wire.ts'

/** Options of {@link httpFeed}. */
export interface HttpFeedOptions {
  /** How often the issuer is asked. Default 5 seconds. */
  readonly every?: Duration | undefined
  /** Asks it: `createSafeFetch({ hosts, tls })` for an issuer with a certificate of its own authority, or in a private network. */
  readonly fetch?: SafeFetch | undefined
}

/** Some 5,000 revocations are 300 KB. */
const MAX_BYTES = 4 * 1024 * 1024

/**
 * Follows the revocations of an issuer by its route, for services that only verify and share no store with it.
 *
 * @param url - where the issuer serves `createSessionEndpoints().revocations`; `https`, or the own machine
 * @throws {@link ConfigurationError} `invalid_options`
 *
 * @example
 * ```ts
 * import { createVerifier, type VerificationKeys } from '@wardstone/tokens'
 * import { httpFeed } from '@wardstone/tokens/http'
 *
 * const revocation = httpFeed('https://id.example/.well-known/revocations')
 * export const verifierOf = (keys: VerificationKeys) =>
 *   createVerifier({ issuer: 'https://id.example', audience: 'https://api.example', keys, revocation })
 * ```
 */
export function httpFeed(url: string, options: HttpFeedOptions = {}): FollowedFeed {
  const { every, given } = readOptions('httpFeed', options, (o) => ({
    every: o.duration('every', '5s'),
    given: o.callback<SafeFetch | undefined>('fetch'),
  }))
  return followRevocations(new HttpSource(urlOf(url), given), { every })
}

class HttpSource implements RevocationSource {
  readonly #url: URL
  readonly #fetch: SafeFetch

  constructor(url: URL, fetch: SafeFetch | undefined) {
    const local = isLocal(url)
    this.#url = url
    this.#fetch =
      fetch ?? createSafeFetch({ hosts: [url.host], timeout: '4s', maxBytes: MAX_BYTES, insecure: local, privateNetwork: local })
  }

  async read(cursor: string | undefined): Promise<RevocationBatch> {
    const url = new URL(this.#url)
    if (cursor !== undefined) url.searchParams.set('after', cursor)
    const response = await this.#fetch(url, { headers: { accept: 'application/json' } })
    if (response.status !== 200) throw new TypeError(`The issuer answered ${response.status} to the question for revocations`)
    return readBatch(await response.json())
  }
}

function urlOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url !== undefined && (url.protocol === 'https:' || isLocal(url)) && url.username === '' && url.password === '') return url
  throw new ConfigurationError('httpFeed', [
    { option: 'url', expected: 'expected an https URL such as https://id.example/.well-known/revocations' },
  ])
}

function isLocal({ hostname, protocol }: URL): boolean {
  return protocol === 'http:' && ['127.0.0.1', '[::1]', 'localhost'].includes(hostname)
}
