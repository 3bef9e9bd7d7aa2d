import { clientOf } from './client.ts'
import { thisPage } from './page.ts'
import type { SessionClient, SessionClientOptions } from './session-client.ts'

/**
 * Makes the client of the session for a page: the access token lives in memory, one refresh serves all tabs. Make one when
 * the page starts, and let all calls to your API go through its `fetch`.
 *
 * @throws TypeError for an address that is none
 * @see {@link https://www.rfc-editor.org/rfc/rfc6750#section-2.1 | RFC 6750 section 2.1}
 *
 * @example
 * ```ts
 * import { createSessionClient } from '@wardstone/tokens/browser'
 *
 * const session = createSessionClient({ onSignedOut: () => console.log('show the sign-in') })
 * const answer = await session.fetch('/posts')
 * console.log(answer.status)
 * ```
 */
export function createSessionClient(options: SessionClientOptions = {}): SessionClient {
  return clientOf(options, thisPage())
}
