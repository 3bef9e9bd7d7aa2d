import type { SessionClient } from './session-client.ts'

/**
 * A `fetch` that adds the access token for these origins, and for no other.
 *
 * @param replace - gets a token other than the one that was refused, if there is one
 * @param verified - called when the server has shown that it verified the token
 */
export function authorized(
  origins: readonly string[],
  fetch: typeof globalThis.fetch,
  accessToken: () => Promise<string | undefined>,
  replace: (refused: string) => Promise<string | undefined>,
  verified: () => void,
): SessionClient['fetch'] {
  return async (input, init) => {
    const request = new Request(input, init)
    const { headers, url } = request
    // The address as the browser resolved it: a <base> that somebody has put in does not get the token.
    if (!origins.includes(new URL(url).origin) || headers.has('authorization')) return fetch(request)
    const token = await accessToken()
    const send = (sent: Request, bearer: string | undefined): Promise<Response> => {
      if (bearer) sent.headers.set('authorization', `Bearer ${bearer}`)
      return fetch(sent)
    }
    const spare = init?.body instanceof ReadableStream ? undefined : request.clone()
    const answer = await send(request, token)
    const isRefused = answer.status === 401 && answer.headers.get('www-authenticate')?.includes('error="invalid_token"')
    const next = token && spare && isRefused ? await replace(token) : undefined
    if (!next) return answer
    const again = await send(spare as Request, next)
    if (again.status !== 401) verified()
    return again
  }
}
