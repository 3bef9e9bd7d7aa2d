import { warn } from '@wardstone/core'
import { baseline as baselineGuard, type BaselineOptions } from '@wardstone/http'
import type { RequestHandler } from 'express'
import { guard } from './guard.ts'

/**
 * What every response gets, errors and 404 included: address, request id, security headers. Goes on the application before
 * everything else; {@link problems} is its other half and goes last.
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
export function baseline(options?: BaselineOptions): RequestHandler {
  const apply = guard(baselineGuard(options))
  let asked = false
  return function wardstoneBaseline(req, res, next) {
    if (!asked) {
      asked = true
      if (req.app.enabled('trust proxy')) {
        warn(
          'WARDSTONE_HOST_PROXY_SETTING',
          'Express trusts proxies by its setting "trust proxy", Wardstone by trustedProxies: req.ip may differ. Turn the setting off.',
        )
      }
    }
    res.removeHeader('x-powered-by')
    return apply(req, res, next)
  }
}
