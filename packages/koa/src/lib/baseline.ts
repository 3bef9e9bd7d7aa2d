import { warn } from '@wardstone/core'
import { readBaseline, type BaselineOptions } from '@wardstone/http'
import { cspNonce, type KoaContext, type KoaMiddleware } from './context.ts'
import { guard } from './guard.ts'

/**
 * What every response gets, errors and 404 included: address, request id, security headers. Goes on the application before
 * everything else; {@link problems} is its other half and comes next. Without it, Koa drops these headers from what it
 * answers to an error.
 *
 * Templates find the nonce of the page as `cspNonce()`, which is in `ctx.state`: a page that does not call it may be cached.
 *
 * The `proxy` setting of Koa is not consulted: when it is on, one warning `WARDSTONE_HOST_PROXY_SETTING` says so.
 *
 * @throws {@link ConfigurationError} `invalid_options`
 *
 * @example
 * ```ts
 * import { baseline, problems } from '@wardstone/koa'
 * import Koa from 'koa'
 *
 * const app = new Koa()
 * app.use(baseline({ trustedProxies: ['10.0.0.0/8'] }))
 * app.use(problems())
 * app.use((ctx) => void (ctx.body = 'hello'))
 * ```
 */
export function baseline(options?: BaselineOptions): KoaMiddleware {
  const { guard: base, nonces } = readBaseline(options)
  const apply = guard(base)
  let asked = false
  return function wardstoneBaseline(ctx, next) {
    if (!asked) {
      asked = true
      if (ctx.app.proxy) {
        warn(
          'WARDSTONE_HOST_PROXY_SETTING',
          'Koa trusts proxies by its setting proxy, Wardstone by trustedProxies: ctx.ip may differ. Turn the setting off.',
        )
      }
    }
    if (nonces) stateOf(ctx)['cspNonce'] = () => cspNonce(ctx)
    return apply(ctx, next)
  }
}

/** What Koa's views give to templates. */
function stateOf(ctx: KoaContext): Record<string, unknown> {
  return (ctx as KoaContext & { readonly state: Record<string, unknown> }).state
}
