import type { IncomingMessage, RequestListener } from 'node:http'
import { isThenable } from '@wardstone/core'
import type { BaselineOptions } from '../baseline.ts'
import type { ProblemsOptions } from '../faults.ts'
import { baseline, problems, type NodeHandler } from './handlers.ts'

/**
 * Makes the listener of a plain `node:http` server: `baseline`, the handlers in order, each of which answers or passes on,
 * and `problems`.
 *
 * @throws {@link ConfigurationError} `invalid_options`
 *
 * @example
 * ```ts
 * import { createServer } from 'node:http'
 * import { jsonReply } from '@wardstone/http'
 * import { endpoint, listener } from '@wardstone/http/node'
 *
 * const health = endpoint(() => jsonReply(200, { up: true }))
 * createServer(listener([(req, res, next) => (req.url === '/healthz' ? health(req, res, next) : next())])).listen(8080)
 * ```
 */
export function listener(
  handlers: readonly NodeHandler[],
  options: {
    readonly baseline?: BaselineOptions | undefined
    readonly problems?: ProblemsOptions<IncomingMessage> | undefined
  } = {},
): RequestListener {
  const [notFound, failed] = problems(options.problems)
  const chain = [baseline(options.baseline), ...handlers, notFound]
  return (request, response) => {
    const fail = (error: unknown): void => failed(error, request, response, () => {})
    const from = (at: number) => (error?: unknown) => {
      if (error != null) return fail(error)
      try {
        const running: unknown = chain[at]?.(request, response, from(at + 1))
        // A rejection that nobody takes would end the process.
        if (isThenable(running)) Promise.resolve(running).catch(fail)
      } catch (thrown) {
        fail(thrown)
      }
    }
    from(0)()
  }
}
