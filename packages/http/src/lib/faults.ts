import { forget, readOptions } from '@wardstone/core'
import type { HttpContext } from './context.ts'
import { faultProblem } from './problem.ts'
import type { Reply } from './reply.ts'

/**
 * Options of every adapter's `problems`.
 *
 * @typeParam Raw - the framework's own request
 */
export interface ProblemsOptions<Raw = unknown> {
  /**
   * Told of every error that was answered with 500 or above, or came after the head was sent. Default: where the framework
   * tells of errors itself, else `console.error`. May be asynchronous; whatever it throws is swallowed.
   */
  readonly report?: ((error: unknown, ctx: HttpContext<Raw>) => unknown) | undefined
}

/**
 * Makes the answer to what was thrown, a problem document that tells nothing of the error, and reports it.
 *
 * @param fallback - reports when the application does not
 * @throws {@link ConfigurationError} `invalid_options`
 */
export function faultAnswers<Raw>(
  options: ProblemsOptions<Raw> | undefined,
  fallback: (error: unknown, ctx: HttpContext<Raw>) => unknown = (error) => console.error(error),
): (ctx: HttpContext<Raw>, error: unknown, headSent: boolean) => Reply {
  const report = readOptions('problems', options, (o) => o.callback<ProblemsOptions<Raw>['report']>('report')) ?? fallback
  return (ctx, error, headSent) => {
    const reply = faultProblem(ctx, error)
    if (reply.status >= 500 || headSent) {
      try {
        forget(report(error, ctx))
      } catch {
        // Whoever sent the request still gets an answer.
      }
    }
    return reply
  }
}
