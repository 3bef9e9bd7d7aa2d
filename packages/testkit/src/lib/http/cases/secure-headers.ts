import { cspNonce, deny, jsonReply, secureHeaders, type Endpoint, type HeaderList } from '@wardstone/http'
import { ask, BASELINE, BASELINE_OVER_TLS, PAGE_POLICY, post, refusal, response, type HttpCase } from '../case.ts'
import type { HttpRoute } from '../host.ts'
import { NONCE, REQUEST_ID, type Transcript } from '../transcript.ts'

type Lines = Transcript['headers']

const HTML = ['content-type', 'text/html; charset=utf-8'] as const
const JSON_TYPE = ['content-type', 'application/json'] as const
const NO_STORE = ['cache-control', 'no-store'] as const

/** A page with a script and a style of its own. */
const page =
  (...headers: HeaderList): Endpoint =>
  (ctx) => ({
    status: 200,
    headers: [HTML, ...headers],
    body: `<script nonce="${cspNonce(ctx)}">1</script><style nonce="${cspNonce(ctx)}"></style>`,
  })
const PAGE = `<script nonce="${NONCE}">1</script><style nonce="${NONCE}"></style>`

const NONCED = PAGE_POLICY.replace("script-src 'self'", `script-src 'self' 'nonce-${NONCE}'`).replace(
  'https://fonts.googleapis.com',
  `https://fonts.googleapis.com 'nonce-${NONCE}'`,
)

const at = (answer: Endpoint, guards: HttpRoute['guards'] = []) => [
  { method: 'GET', path: '/', guards, answer: { endpoint: answer } } as const,
]

const replaced = (lines: Lines, ...others: Lines): Lines =>
  lines.map(([name, value]) => others.find(([other]) => other === name) ?? [name, value])

const API: Lines = [...replaced(BASELINE, ['content-security-policy', "default-src 'none'; frame-ancestors 'none'"]), NO_STORE]

const REPORTED: Lines = replaced(BASELINE).map(([name, value]) =>
  name === 'content-security-policy' ? ['content-security-policy-report-only', value] : [name, value],
)

/** What a head hook adds is sent last, before the connection is spoken of. */
const withLast = (transcript: Transcript, ...lines: Lines): Transcript => ({
  ...transcript,
  headers: [...transcript.headers.slice(0, -1), ...lines, ...transcript.headers.slice(-1)],
})

const TRUSTED = { trustedProxies: ['127.0.0.1'] } as const
const OVER_TLS = ['X-Forwarded-Proto: https', 'X-Request-Id: chosen-by-proxy'] as const
const chosen = (lines: Lines): Lines => replaced(lines, ['x-request-id', 'chosen-by-proxy'])

export const secureHeaderCases: readonly HttpCase[] = [
  {
    title: 'the headers of pages stand on what nobody answers',
    routes: () => [],
    request: ask('GET /nowhere'),
    expect: refusal(404, 'not_found', 'Not Found'),
  },
  {
    title: 'the headers of pages stand on what failed',
    routes: () =>
      at(() => {
        throw new Error('inner')
      }),
    request: ask('GET /'),
    expect: refusal(500, 'internal_error', 'Internal Server Error', { notes: ['reported: inner'] }),
  },
  {
    title: 'the headers of pages stand on a body that is too large',
    routes: () => [{ method: 'POST', path: '/', answer: { endpoint: () => jsonReply(200, {}), bodyLimit: 8 } }],
    request: post('/', ['Content-Type: application/json'], '{"a":"123456"}'),
    expect: refusal(413, 'body_too_large', 'Content Too Large', { headers: [['connection', 'close']] }),
  },
  {
    title: 'over TLS the policy upgrades requests, and HSTS is sent',
    baseline: TRUSTED,
    routes: () => at(() => jsonReply(200, {})),
    request: ask('GET /', ...OVER_TLS),
    expect: response(200, { baseline: chosen(BASELINE_OVER_TLS), headers: [JSON_TYPE], body: '{}' }),
  },
  {
    title: 'a page that asks for a nonce is allowed its scripts and styles, and is stored nowhere',
    routes: () => at(page()),
    request: ask('GET /'),
    expect: withLast(
      response(200, { baseline: replaced(BASELINE, ['content-security-policy', NONCED]), headers: [HTML], body: PAGE }),
      NO_STORE,
    ),
  },
  {
    title: 'a page with a nonce is stored nowhere, whatever it says of caching',
    routes: () => at(page(['cache-control', 'public, max-age=600'], ['cdn-cache-control', 'max-age=60'])),
    request: ask('GET /'),
    expect: response(200, {
      baseline: replaced(BASELINE, ['content-security-policy', NONCED]),
      headers: [HTML, NO_STORE, ['cdn-cache-control', 'no-store']],
      body: PAGE,
    }),
  },
  {
    title: 'a page without a nonce may be cached',
    routes: () => at(() => ({ status: 200, headers: [HTML, ['cache-control', 'public, max-age=600']], body: '<p>' })),
    request: ask('GET /'),
    expect: response(200, { headers: [HTML, ['cache-control', 'public, max-age=600']], body: '<p>' }),
  },
  {
    title: 'the answer to HEAD names the nonce of the page that GET would have sent',
    routes: () => at(page()),
    request: ask('HEAD /'),
    expect: withLast(
      response(200, { baseline: replaced(BASELINE, ['content-security-policy', NONCED]), headers: [HTML], length: PAGE.length }),
      NO_STORE,
    ),
  },
  {
    title: 'a nonce that a guard asked for before it refused harms nothing',
    routes: () => at(page(), [(ctx) => (cspNonce(ctx), deny(ctx, { status: 403, code: 'no_entry' }))]),
    request: ask('GET /'),
    expect: refusal(403, 'no_entry', 'Forbidden', {
      baseline: replaced(BASELINE, ['content-security-policy', NONCED]),
    }),
  },
  {
    title: 'a handler that sends a policy of its own is left alone, and still stored nowhere',
    routes: () => at((ctx) => ({ ...jsonReply(200, [cspNonce(ctx).length]), headers: [['content-security-policy', 'sandbox']] })),
    request: ask('GET /'),
    expect: withLast(
      response(200, {
        baseline: replaced(BASELINE, ['content-security-policy', 'sandbox']),
        headers: [['content-type', 'application/octet-stream']],
        body: '[24]',
      }),
      NO_STORE,
    ),
  },
  {
    title: 'a policy that is only reported takes nonces too',
    baseline: { headers: { csp: { reportOnly: true } } },
    routes: () => at(page()),
    request: ask('GET /'),
    expect: withLast(
      response(200, {
        baseline: replaced(REPORTED, ['content-security-policy-report-only', NONCED]),
        headers: [HTML],
        body: PAGE,
      }),
      NO_STORE,
    ),
  },
  {
    title: 'data has a policy of two words and is stored nowhere',
    baseline: { headers: { preset: 'api' } },
    routes: () => at(() => jsonReply(200, {})),
    request: ask('GET /'),
    expect: response(200, { baseline: API, headers: [JSON_TYPE], body: '{}' }),
  },
  {
    title: 'data whose handler says how long it lasts is cached',
    baseline: { headers: { preset: 'api' } },
    routes: () => at(() => jsonReply(200, {}, [['cache-control', 'max-age=60']])),
    request: ask('GET /'),
    expect: response(200, { baseline: replaced(API, ['cache-control', 'max-age=60']), headers: [JSON_TYPE], body: '{}' }),
  },
  {
    title: 'a nonce where the policy is for data is a fault, not a page that does not work',
    baseline: { headers: { preset: 'api' } },
    routes: () => at(page()),
    request: ask('GET /'),
    expect: {
      ...response(500, {
        baseline: API,
        headers: [['content-type', 'application/problem+json']],
        body: JSON.stringify({
          type: 'urn:wardstone:error:internal_error',
          title: 'Internal Server Error',
          status: 500,
          code: 'internal_error',
          requestId: REQUEST_ID,
        }),
        notes: [
          'reported: ctx: expected secureHeaders or baseline with a policy for pages before this, and a head that is not sent yet',
        ],
      }),
    },
  },
  {
    title: 'a route may have the headers of pages where the application has those of data',
    baseline: { headers: { preset: 'api' } },
    routes: () => at(page(), [secureHeaders()]),
    request: ask('GET /'),
    expect: response(200, {
      baseline: [...replaced(BASELINE, ['content-security-policy', NONCED]), NO_STORE],
      headers: [HTML],
      body: PAGE,
    }),
  },
  {
    title: 'a route that others may frame does not keep the DENY of the application',
    routes: () =>
      at(() => jsonReply(200, {}), [secureHeaders({ csp: { directives: { 'frame-ancestors': ['https://partner.test'] } } })]),
    request: ask('GET /'),
    expect: response(200, {
      baseline: replaced(BASELINE, [
        'content-security-policy',
        PAGE_POLICY.replace("frame-ancestors 'none'", 'frame-ancestors https://partner.test'),
      ]).filter(([name]) => name !== 'x-frame-options'),
      headers: [JSON_TYPE],
      body: '{}',
    }),
  },
  {
    title: 'a route may leave out what the application sends, also its policy and HSTS',
    baseline: TRUSTED,
    routes: () =>
      at(() => jsonReply(200, {}), [secureHeaders({ csp: false, hsts: false, override: { 'referrer-policy': false } })]),
    request: ask('GET /', ...OVER_TLS),
    expect: response(200, {
      baseline: chosen(BASELINE).filter(([name]) => name !== 'content-security-policy' && name !== 'referrer-policy'),
      headers: [JSON_TYPE],
      body: '{}',
    }),
  },
  {
    title: 'a guard may remove what was set before it, and nothing empty is sent',
    routes: () =>
      at(
        () => jsonReply(200, {}),
        [
          () => ({ ok: true, headers: [['x-frame-options', '']] }),
          () => ({ ok: true, headers: [['x-nothing', '']], head: () => [['referrer-policy', '']] }),
        ],
      ),
    request: ask('GET /'),
    expect: response(200, {
      baseline: BASELINE.filter(([name]) => name !== 'x-frame-options' && name !== 'referrer-policy'),
      headers: [JSON_TYPE],
      body: '{}',
    }),
  },
  {
    title: 'a policy is sent once, also where two guards set the same',
    routes: () => at(page(), [secureHeaders()]),
    request: ask('GET /'),
    expect: withLast(
      response(200, { baseline: replaced(BASELINE, ['content-security-policy', NONCED]), headers: [HTML], body: PAGE }),
      NO_STORE,
    ),
  },
  {
    title: 'headers are replaced and left out one by one',
    baseline: { headers: { csp: false, override: { 'x-frame-options': false, 'referrer-policy': 'no-referrer', 'x-own': '1' } } },
    routes: () => at(() => jsonReply(200, {})),
    request: ask('GET /'),
    expect: response(200, {
      baseline: [
        ...replaced(BASELINE, ['referrer-policy', 'no-referrer']).filter(
          ([name]) => name !== 'content-security-policy' && name !== 'x-frame-options',
        ),
        ['x-own', '1'],
      ],
      headers: [JSON_TYPE],
      body: '{}',
    }),
  },
]
