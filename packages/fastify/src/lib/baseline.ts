import { warn } from '@wardstone/core'
import { faultProblem, inContext, readBaseline, type BaselineOptions } from '@wardstone/http'
import type {
  FastifyError,
  FastifyInstance,
  FastifyPluginCallback,
  FastifyReply,
  FastifyRequest,
  onRequestHookHandler,
} from 'fastify'
import { contextOf, cspNonce } from './context.ts'
import { guard } from './guard.ts'
import { leaveBaseline } from './left-out.ts'
import { plugin } from './plugin.ts'
import { sendReply } from './reply.ts'

/**
 * What every response gets, errors and 404 included: address, request id, security headers. A plugin for the instance on
 * which it is registered; {@link problems} is its other half, {@link frameworkErrors} covers what no plugin sees.
 *
 * Templates of `@fastify/view` find the nonce of the page as `cspNonce()`, which is in `reply.locals`: a page that does not call it
 * may be cached. A hook that sets `reply.locals` anew takes it away; there is {@link cspNonce}.
 *
 * The `trustProxy` option of Fastify is not consulted: when it is on, one warning `WARDSTONE_HOST_PROXY_SETTING` says so. Without the
 * option `requestTimeout` a client may take for ever to send its request: `WARDSTONE_NO_REQUEST_TIMEOUT` says so; without
 * `frameworkErrors`, some answers have no headers: `WARDSTONE_NO_FRAMEWORK_ERRORS`.
 *
 * @throws {@link ConfigurationError} `invalid_options`
 *
 * @example
 * ```ts
 * import { baseline, frameworkErrors, problems } from '@wardstone/fastify'
 * import { fastify } from 'fastify'
 *
 * const options = { trustedProxies: ['10.0.0.0/8'] }
 * const app = fastify({ requestTimeout: 300_000, frameworkErrors: frameworkErrors(options) })
 * app.register(baseline(options))
 * app.register(problems())
 * app.get('/', async () => 'hello')
 * ```
 */
export function baseline(options?: BaselineOptions): FastifyPluginCallback {
  const { guard: base, nonces, keepsContext } = readBaseline(options)
  const apply = guard(base)
  return plugin('@wardstone/fastify/baseline', (instance) => {
    let asked = false
    const hook: onRequestHookHandler = function wardstoneBaseline(request, reply, done) {
      if (!asked) {
        asked = true
        // Only a request tells: `ips` is there when the option is on.
        if (request.ips !== undefined) {
          warn(
            'WARDSTONE_HOST_PROXY_SETTING',
            'Fastify trusts proxies by its option trustProxy, Wardstone by trustedProxies: request.ip may differ. Leave the option out.',
          )
        }
      }
      if (nonces) localsOf(reply)['cspNonce'] = () => cspNonce(request)
      apply.call(instance, request, reply, done)
    }
    instance.addHook('onRequest', hook)
    leaveBaseline(instance, hook)
    instance.addHook('onReady', (done) => {
      // Node's own default is five minutes; Fastify turns it off.
      if (instance.server.requestTimeout === 0) {
        warn(
          'WARDSTONE_NO_REQUEST_TIMEOUT',
          'Fastify waits for a slow body as long as it likes to take. Set the option requestTimeout, such as fastify({ requestTimeout: 300_000 }).',
        )
      }
      done()
    })
    instance.addHook('onReady', (done) => {
      if (answersItself(instance)) {
        warn(
          'WARDSTONE_NO_FRAMEWORK_ERRORS',
          'Fastify answers a path that cannot be decoded by itself, without security headers. Set its option frameworkErrors: frameworkErrors(options), with the options of baseline.',
        )
      }
      done()
    })
    if (keepsContext) keepContext(instance)
  })
}

/**
 * Whether the server was made without the option `frameworkErrors`. Fastify keeps its options under a symbol of its own; where that
 * cannot be found, nothing is said.
 */
function answersItself(instance: FastifyInstance): boolean {
  // An instance of a plugin inherits from the one on which it is registered.
  for (let at: object | null = instance; at !== null; at = Object.getPrototypeOf(at) as object | null) {
    const symbol = Object.getOwnPropertySymbols(at).find(({ description }) => description === 'fastify.options')
    if (symbol === undefined) continue
    const options: unknown = (at as Readonly<Record<symbol, unknown>>)[symbol]
    return typeof options === 'object' && options !== null && (options as { frameworkErrors?: unknown }).frameworkErrors == null
  }
  return false
}

/**
 * A plugin's parser that listens to the body's stream comes back outside of the request, and so do the ends of responses and
 * connections. Ours are the first hooks there; those of the application run inside of them.
 */
function keepContext(instance: FastifyInstance): void {
  instance.addHook('preValidation', (request, _reply, done) => inContext(contextOf(request), done))
  instance.addHook('onError', (request, _reply, _error, done) => inContext(contextOf(request), done))
  instance.addHook('onTimeout', (request, _reply, done) => inContext(contextOf(request), done))
  instance.addHook('onRequestAbort', (request, done) => inContext(contextOf(request), done))
  instance.addHook('onResponse', (request, _reply, done) => inContext(contextOf(request), done))
}

/** What `@fastify/view` gives to templates. */
function localsOf(reply: FastifyReply): Record<string, unknown> {
  return ((reply as FastifyReply & { locals?: Record<string, unknown> }).locals ??= {})
}

/**
 * Answers what Fastify refuses before it has a route, and so without any hook: a path that cannot be decoded, a parameter
 * that is too long. An option of the server, with the same options as {@link baseline}.
 *
 * @throws {@link ConfigurationError} `invalid_options`
 *
 * @example
 * ```ts
 * import { frameworkErrors } from '@wardstone/fastify'
 * import { fastify } from 'fastify'
 *
 * export const app = fastify({ frameworkErrors: frameworkErrors({ trustedProxies: ['10.0.0.0/8'] }) })
 * ```
 */
export function frameworkErrors(
  options?: BaselineOptions,
): (error: FastifyError, request: FastifyRequest, reply: FastifyReply) => void {
  const apply = guard(readBaseline(options).guard)
  return function wardstoneFrameworkErrors(error, request, reply) {
    apply.call(request.server, request, reply, () => sendReply(reply, faultProblem(contextOf(request), error)))
  }
}
