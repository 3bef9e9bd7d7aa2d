import { CONNECTIONS, Serving, startServer } from './lib/http/serving.ts'
import { ORIGIN, PATH, type Settings, type VariantName } from './lib/http/variants.ts'
import { race, type Race } from './lib/race.ts'
import type { AreaReport, BenchOptions, Goal } from './lib/report.ts'
import { materialOf } from './lib/token-material.ts'

const STACKS = {
  express_stack_vs_bare: ['express, wardstone', 'express, bare'],
  fastify_stack_vs_bare: ['fastify, wardstone', 'fastify, bare'],
  koa_stack_vs_bare: ['koa, wardstone', 'koa, bare'],
  express_stack_vs_assembled: ['express, wardstone', 'express, assembled'],
  express_stack_vs_assembled_cached: ['express, wardstone', 'express, assembled with a cache'],
} as const satisfies Readonly<Record<string, readonly [ours: VariantName, theirs: VariantName]>>

const LEAST: Readonly<Record<keyof typeof STACKS, number>> = {
  express_stack_vs_bare: 0.7,
  fastify_stack_vs_bare: 0.7,
  koa_stack_vs_bare: 0.7,
  express_stack_vs_assembled: 1.4,
  express_stack_vs_assembled_cached: 1.1,
}

/** The whole stack on a JSON route: what it costs beside a bare framework, and beside what is usually put together. */
export async function http({ quick }: BenchOptions): Promise<AreaReport> {
  const { settings, requests } = await prepared()
  const names = [...new Set<VariantName>(Object.values(STACKS).flat())]
  const perRound = quick ? 1500 : 6000
  const serving = await Promise.all(names.map((name) => Serving.start(name, settings, requests, perRound)))
  try {
    const ratiosOf = (run: Race): Record<string, number> =>
      Object.fromEntries(
        Object.entries(STACKS).map(([name, [ours, theirs]]) => [name, run.timing(theirs).cpuUs / run.timing(ours).cpuUs]),
      )
    const reached = (run: Race): boolean =>
      Object.entries(ratiosOf(run)).every(([name, ratio]) => ratio >= LEAST[name as keyof typeof STACKS])
    const run = await race(serving, reached)
    const rows = serving.map((one) => {
      const { cpuUs, wallUs } = run.timing(one.name)
      return {
        name: one.name,
        'µs CPU': cpuUs,
        'requests/s': 1e6 / wallUs,
        'p50 µs': one.percentileUs(0.5),
        'p99 µs': one.percentileUs(0.99),
      }
    })
    const goals = Object.entries(LEAST).map(([name, atLeast]): [string, Goal] => [name, { atLeast, kind: 'speed' }])
    return {
      area: 'http',
      ratios: ratiosOf(run),
      goals: Object.fromEntries(goals),
      tables: [{ title: `GET with a bearer token, ${CONNECTIONS} connections, servers in processes of their own`, rows }],
    }
  } finally {
    for (const one of serving) one.stop()
  }
}

/** Tokens of a hundred users, and the headers that ours sends, for the bare ones. */
async function prepared(): Promise<{ settings: Settings; requests: readonly Buffer[] }> {
  const { tokens, keyObjects } = await materialOf('RS256', 200)
  const [key] = keyObjects
  const requests = tokens.filter((token) => token.key === 0).map(({ text }) => Buffer.from(requestWith(text)))
  const settings = {
    jwk: { ...key.export({ format: 'jwk' }), kid: kidOf(tokens[0]?.text ?? ''), alg: 'RS256', use: 'sig' },
    pem: key.export({ type: 'spki', format: 'pem' }) as string,
    headers: {},
  }
  const { child, port } = await startServer('express, wardstone', settings)
  const response = await fetch(`http://127.0.0.1:${port}${PATH}`, {
    headers: { authorization: `Bearer ${tokens[0]?.text}`, origin: ORIGIN },
  })
  child.disconnect()
  if (response.status !== 200) throw new Error(`answered with ${response.status}`)
  const own = new Set(['x-request-id', 'date', 'etag', 'content-type', 'content-length', 'connection', 'keep-alive'])
  return {
    requests,
    settings: { ...settings, headers: Object.fromEntries([...response.headers].filter(([name]) => !own.has(name))) },
  }
}

function requestWith(token: string): string {
  const lines = [
    `GET ${PATH} HTTP/1.1`,
    'Host: api.example',
    'User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
    'Accept: application/json',
    'Accept-Language: en-GB,en;q=0.7',
    `Origin: ${ORIGIN}`,
    'Sec-Fetch-Site: same-site',
    'Sec-Fetch-Mode: cors',
    `Authorization: Bearer ${token}`,
  ]
  return [...lines, '', ''].join('\r\n')
}

function kidOf(token: string): string {
  return (JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()) as { kid: string }).kid
}
