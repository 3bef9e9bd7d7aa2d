import type { IncomingMessage, ServerResponse } from 'node:http'
import { warn } from '@wardstone/core'
import { readBaseline, type BaselineOptions } from '@wardstone/http'
import { cspNonce, guard, type NodeHandler } from '@wardstone/http/node'

/**
 * What every response gets, errors and 404 included: address, request id, security headers. Goes on the application before
 * everything else; {@link problems} is its other half and goes last.
 *
 * `X-Powered-By` is removed. An application that is mounted in this one sets it again: `disable('x-powered-by')` there.
 *
 * Templates find the nonce of the page as `cspNonce()`, which is in `res.locals`: a page that does not call it may be cached.
 *
 * The `trust proxy` setting of Express is not consulted: when it is on, one warning `WARDSTONE_HOST_PROXY_SETTING` says so.
 *
 * @throws {@link ConfigurationError} `invalid_options`
 *
 * @example
 * ```ts
 * import { baseline, problems } from '@wardstone/express'
 * import express from 'express'
 *
 * const app = express()
 * app.use(baseline({ trustedProxies: ['10.0.0.0/8'] }))
 * app.get('/', (req, res) => void res.send('hello'))
 * app.use(problems())
 * ```
 */
export function baseline(options?: BaselineOptions): NodeHandler {
  const { guard: base, nonces } = readBaseline(options)
  const apply = guard(base)
  let asked = false
  return function wardstoneBaseline(req, res, next) {
    if (!asked) {
      asked = true
      if (trustsProxies(req)) {
        warn(
          'WARDSTONE_HOST_PROXY_SETTING',
          'Express trusts proxies by its setting "trust proxy", Wardstone by trustedProxies: req.ip may differ. Turn the setting off.',
        )
      }
    }
    res.removeHeader('x-powered-by')
    if (nonces) localsOf(res)['cspNonce'] = () => cspNonce(req)
    apply(req, res, next)
  }
}

/** What Express gives to templates. */
function localsOf(response: ServerResponse): Record<string, unknown> {
  return (response as ServerResponse & { readonly locals: Record<string, unknown> }).locals
}

/** All that is asked of Express itself, the same in 4 and 5: their types do not fit each other. */
function trustsProxies(request: IncomingMessage): boolean {
  return (request as IncomingMessage & { readonly app: { enabled(setting: string): boolean } }).app.enabled('trust proxy')
}
