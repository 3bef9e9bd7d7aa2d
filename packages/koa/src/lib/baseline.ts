import { warn } from '@wardstone/core'
import { faultAnswers, readBaseline, type BaselineOptions } from '@wardstone/http'
import { contextOf, cspNonce, type KoaContext, type KoaMiddleware } from './context.ts'
import { guarding } from './guard.ts'
import { emitError, hasBoundary } from './problems.ts'
import { sendReply } from './reply.ts'

/**
 * What every response gets, errors and 404 included: address, request id, security headers. Goes on the application before
 * everything else; {@link problems} is its other half and comes next. Without it, Koa drops these headers from what it
 * answers to an error.
 *
 * Templates find the nonce of the page as `cspNonce()`, which is in `ctx.state`: a page that does not call it may be cached.
 *
 * When a callback in the options throws, such as `csrf.token.session`, the answer is a problem document, too. The application's `error`
 * event tells of it, unless `problems` stands outside of `baseline`.
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
  const answer = faultAnswers(undefined, emitError)
  const apply = guarding([base], (ctx, fault) => {
    if (hasBoundary(ctx)) throw fault
    // What stands inside was never asked: Koa would answer, and drop every header.
    const context = contextOf(ctx)
    sendReply(ctx, answer(context, fault, ctx.res.headersSent))
  })
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
