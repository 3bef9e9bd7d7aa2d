import { randomBytes } from 'node:crypto'
import { InvalidArgumentError } from '@wardstone/core'
import type { HttpContext } from '../context.ts'
import { sharedStateKey, type StateKey } from '../state.ts'

/** Whether the policy that stands now can still name a nonce. Unset where no guard has set headers yet. */
export const takesNonceKey: StateKey<boolean> = sharedStateKey('takes nonce')

/** The nonce of the request, once somebody asked for it. */
export const nonceKey: StateKey<string | undefined> = sharedStateKey('nonce')

/**
 * The nonce of this response, for the inline scripts and styles of a page: `<script nonce="…">`. Made when it is first
 * asked for, from 16 random bytes, and the same until the response is sent, whose policy then names it. Such a response is
 * sent with `cache-control: no-store`, whatever the handler says: a nonce that two visitors share is known to the second.
 *
 * It must be asked for before the head is sent, also by a page that is streamed; after that, it may be asked for again.
 *
 * @returns base64, as it stands in the policy and in the attribute
 * @throws {@link InvalidArgumentError} `invalid_argument` when no `secureHeaders` with a policy for pages stands before: the
 * preset `api` has none, and `csp: false` turns it off. Also when it is first asked for after the head was sent.
 * @see {@link https://www.w3.org/TR/CSP3/#security-nonces | Content Security Policy Level 3 section 7.1}
 *
 * @example
 * ```ts
 * import { cspNonce, type Endpoint } from '@wardstone/http'
 *
 * export const page: Endpoint = (ctx) => ({
 *   status: 200,
 *   headers: [['content-type', 'text/html; charset=utf-8']],
 *   body: `<!doctype html><script nonce="${cspNonce(ctx)}">start()</script>`,
 * })
 * ```
 */
export function cspNonce(ctx: HttpContext): string {
  const known = ctx.state.get(nonceKey)
  if (known !== undefined) return known
  if (ctx.state.get(takesNonceKey) !== true) {
    throw new InvalidArgumentError(
      'ctx',
      'expected secureHeaders or baseline with a policy for pages before this, and a head that is not sent yet',
    )
  }
  const nonce = randomBytes(16).toString('base64')
  ctx.state.set(nonceKey, nonce)
  return nonce
}
