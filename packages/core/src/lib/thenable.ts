/**
 * Whether a value is a promise, of whatever library or realm: `await` goes by `then`, and so must whoever asks before. With
 * `instanceof`, a query that a database driver answers with would pass for its result.
 *
 * @example
 * ```ts
 * import { isThenable } from '@wardstone/core'
 *
 * export const settled = (value: unknown): unknown => (isThenable(value) ? 'later' : value)
 * ```
 */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return false
  return typeof (value as { readonly then?: unknown }).then === 'function'
}

/**
 * Lets go of what somebody's function answered: if it is a promise that rejects, the process must not end for it.
 *
 * @example
 * ```ts
 * import { forget } from '@wardstone/core'
 *
 * export const tell = (listener: (text: string) => unknown): void => forget(listener('over'))
 * ```
 */
export function forget(answer: unknown): void {
  // Asked for by every response; most functions answer with nothing.
  if (answer !== undefined) Promise.resolve(answer).catch(() => {})
}
