import { RequestState, type HttpContext } from '@wardstone/http'

/** A context as a literal, which is all that a guard needs. */
export function context(
  overrides: Partial<HttpContext> & { readonly headers?: Readonly<Record<string, string>> } = {},
): HttpContext {
  const { headers = {}, ...members } = overrides
  return {
    method: 'GET',
    path: '/',
    route: undefined,
    ip: '192.0.2.1',
    secure: false,
    header: (name) => headers[name],
    cookie: () => undefined,
    param: () => undefined,
    state: new RequestState(),
    raw: undefined,
    ...members,
  }
}
