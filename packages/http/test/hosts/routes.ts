import { jsonReply, type Endpoint, type EndpointOptions } from '@wardstone/http'
import type { HttpRoute } from '@wardstone/testkit/http'

/** A route that matched, with what a router would tell of it. */
export interface Match {
  readonly route: HttpRoute
  readonly pattern: string
  readonly params: Readonly<Record<string, string>>
}

/**
 * The smallest router that the table needs; hosts without one borrow it.
 *
 * @throws an error of status 400 for a parameter that cannot be decoded
 */
export function match(routes: readonly HttpRoute[], method: string, path: string): Match | undefined {
  for (const route of routes) {
    const pattern = route.path === '/' && route.mount !== undefined ? route.mount : (route.mount ?? '') + route.path
    const found = new RegExp(`^${pattern.replace(/:(\w+)/g, '(?<$1>[^/]+)')}/?$`, 'i').exec(path)
    if (found === null || (method === 'HEAD' ? 'GET' : method) !== route.method) continue
    return { route, pattern, params: Object.fromEntries(Object.entries(found.groups ?? {}).map(decode)) }
  }
  return undefined
}

function decode([name, value]: [string, string]): [string, string] {
  try {
    return [name, decodeURIComponent(value)]
  } catch {
    throw Object.assign(new Error('The path cannot be decoded'), { status: 400, expose: true })
  }
}

/** What answers by an endpoint; what a framework would parse does so here, where there is none. */
export function endpointOf(answer: HttpRoute['answer']): [handler: Endpoint, options: EndpointOptions] | undefined {
  if ('json' in answer) {
    const { limit, ...limits } = answer.json
    return [(_ctx, body) => jsonReply(200, { body: body ?? null }), { bodyLimit: limit, ...limits }]
  }
  if (!('endpoint' in answer)) return undefined
  const { endpoint, ...limits } = answer
  return [endpoint, limits]
}
