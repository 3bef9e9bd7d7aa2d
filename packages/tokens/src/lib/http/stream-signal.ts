import { InvalidArgumentError, type Now } from '@wardstone/core'
import type { HttpContext } from '@wardstone/http'
import type { Verified } from '../access/verified.ts'
import { verifiedKey } from './bearer.ts'

/** Whatever tells when a session ends: a token service or a verifier. */
export interface SessionWatcher {
  readonly now: Now
  onEnd(verified: Verified<unknown>, listener: () => void): () => void
}

/**
 * Ends a stream with its session: the signal is aborted when the session of the request's access token is revoked, when the token
 * expires (a client that goes on comes back with a new one), or when `closed` is. For event streams and the like, which are checked once and then live on.
 *
 * @param closed - aborted when the stream is over for another reason; without it, nothing is forgotten before the token expires
 * @throws {@link InvalidArgumentError} `invalid_argument` when no `bearer` stands before it
 *
 * @example
 * ```ts
 * import type { HttpContext } from '@wardstone/http'
 * import type { TokenService } from '@wardstone/tokens'
 * import { streamSignal } from '@wardstone/tokens/http'
 *
 * export function events(tokens: TokenService<object>, ctx: HttpContext, write: (text: string) => void, end: () => void): void {
 *   const signal = streamSignal(tokens, ctx)
 *   const timer = setInterval(() => write('data: tick\n\n'), 1000)
 *   signal.addEventListener('abort', () => (clearInterval(timer), end()))
 * }
 * ```
 */
export function streamSignal(watcher: SessionWatcher, ctx: HttpContext, closed?: AbortSignal): AbortSignal {
  const verified = ctx.state.get(verifiedKey)
  if (verified === undefined) throw new InvalidArgumentError('ctx', 'expected bearer(tokens) before this')
  const ended = new AbortController()
  const stop = watcher.onEnd(verified, () => ended.abort('session_ended')) // at once, if it has
  // No access token lives as long as the longest timer of Node.
  const left = Math.min(Math.max(0, verified.expiresAt - watcher.now()), 2 ** 31 - 1)
  const timer = setTimeout(() => ended.abort('token_expired'), left)
  timer.unref()
  const signal = closed === undefined ? ended.signal : AbortSignal.any([ended.signal, closed])
  const forget = (): void => {
    stop()
    clearTimeout(timer)
  }
  if (signal.aborted) forget()
  else signal.addEventListener('abort', forget, { once: true })
  return signal
}
