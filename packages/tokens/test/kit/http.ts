import { RequestState, type HttpContext, type Reply } from '@wardstone/http'

interface RequestLike {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly cookies?: Readonly<Record<string, string>>
  readonly params?: Readonly<Record<string, string>>
  readonly state?: RequestState
}

/** A request as an object literal. */
export function request({ method = 'POST', headers = {}, cookies = {}, params = {}, state }: RequestLike = {}): HttpContext {
  return {
    method,
    path: '/',
    route: undefined,
    ip: '192.0.2.1',
    secure: true,
    header: (name) => headers[name],
    cookie: (name) => cookies[name],
    param: (name) => params[name],
    state: state ?? new RequestState(),
    raw: undefined,
  }
}

/** All values of a response header. */
export function headersOf(reply: Reply, name: string): readonly string[] {
  return (reply.headers ?? []).filter((line) => line[0] === name).map((line) => line[1])
}

/** The body of a response, parsed. */
export function bodyOf(reply: Reply): Record<string, unknown> {
  return typeof reply.body === 'string' ? (JSON.parse(reply.body) as Record<string, unknown>) : {}
}

/** Name, value and attributes of the one cookie that a response sets, or `undefined` if it sets none. */
export function cookieOf(
  reply: Reply,
): { readonly name: string; readonly value: string; readonly attributes: readonly string[] } | undefined {
  const [line, ...more] = headersOf(reply, 'set-cookie')
  if (more.length > 0) throw new Error('more than one cookie')
  if (line === undefined) return undefined
  const [pair = '', ...attributes] = line.split('; ')
  const [name = '', value = ''] = pair.split('=')
  return { name, value, attributes: attributes.toSorted() }
}

/** Runs with `NODE_ENV=production`. */
export async function inProduction<T>(run: () => T | Promise<T>): Promise<T> {
  const before = process.env['NODE_ENV']
  process.env['NODE_ENV'] = 'production'
  try {
    return await run()
  } finally {
    if (before === undefined) delete process.env['NODE_ENV']
    else process.env['NODE_ENV'] = before
  }
}
