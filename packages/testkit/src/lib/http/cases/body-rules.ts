import { jsonReply } from '@wardstone/http'
import { ask, chunked, persistent, post, refusal, response, type HttpCase } from '../case.ts'
import type { HttpAnswer, HttpRoute } from '../host.ts'
import type { Probe } from '../probe.ts'

const CEILING = 64
const JSON_BODY = 'Content-Type: application/json'
const baseline = { bodyLimit: CEILING }

const tooLarge = refusal(413, 'body_too_large', 'Content Too Large', { headers: [['connection', 'close']] })
const echoed = (body: unknown): HttpCase['expect'] =>
  response(200, { headers: [['content-type', 'application/json']], body: JSON.stringify({ body }) })

const echo: HttpAnswer = { endpoint: (_ctx, body) => jsonReply(200, { body: body ?? null }), bodyLimit: 2 * CEILING }

/** Routes that would take more than the application does, behind a guard that tells when it is asked. */
const routes =
  (answer: HttpAnswer) =>
  (probe: Probe): readonly HttpRoute[] => {
    const guards = [
      () => {
        probe.note('guard')
        return { ok: true } as const
      },
    ]
    return [
      { method: 'POST', path: '/', guards, answer },
      { method: 'GET', path: '/', guards, answer },
    ]
  }

/** A whole head, and nothing of the body that it announces. */
const announced = (line: string, length: number, ...headers: readonly string[]): string =>
  persistent(ask(line, ...headers, `Content-Length: ${length}`))

export const bodyRuleCases: readonly HttpCase[] = [
  {
    title: 'a body of exactly the ceiling comes in',
    baseline,
    routes: routes(echo),
    request: post('/', [JSON_BODY], `"${'x'.repeat(CEILING - 2)}"`),
    expect: { ...echoed('x'.repeat(CEILING - 2)), notes: ['guard'] },
  },
  ...(
    [
      ['JSON', announced('POST /', CEILING + 1, JSON_BODY)],
      ['what would be another type', announced('POST /', CEILING + 1, 'Content-Type: text/plain')],
      ['with GET', announced('GET /', CEILING + 1)],
      ['for a path that no route has', announced('POST /nowhere', CEILING + 1, JSON_BODY)],
      ['that no disk holds', announced('POST /', 999_999_999_999_999, JSON_BODY)],
    ] as const
  ).map(([what, request]): HttpCase => ({
    title: `a body above the ceiling is refused by its length, before any guard: ${what}`,
    baseline,
    routes: routes(echo),
    request,
    expect: tooLarge,
  })),
  ...(
    [
      ['an endpoint', echo],
      ['the parser', { json: { limit: 2 * CEILING } }],
    ] as const
  ).map(([who, answer]): HttpCase => ({
    title: `a route that takes more than the ceiling does not, where no length was announced: ${who}`,
    baseline,
    routes: routes(answer),
    request: persistent(chunked('/', [JSON_BODY], `"${'x'.repeat(CEILING)}"`, '')),
    expect: { ...tooLarge, notes: ['guard'] },
  })),
  {
    title: 'the ceiling is 1 MiB unless the application says otherwise',
    routes: routes(echo),
    request: announced('POST /', 1_048_577, JSON_BODY),
    expect: tooLarge,
  },
]
