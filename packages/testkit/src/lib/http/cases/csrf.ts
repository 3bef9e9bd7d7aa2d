import { generateSecret, secretRing } from '@wardstone/core'
import { csrfToken, jsonReply, type BaselineOptions } from '@wardstone/http'
import { ask, refusal, response, type HttpCase } from '../case.ts'
import type { HttpRoute } from '../host.ts'
import type { Transcript } from '../transcript.ts'

const own: BaselineOptions = { publicOrigins: ['https://app.test'], csrf: { trustedOrigins: ['https://partner.test'] } }
const tokens: BaselineOptions = {
  csrf: { token: { secrets: secretRing({ current: generateSecret() }), session: 'sid' } },
}

const routes: HttpCase['routes'] = (probe): readonly HttpRoute[] => [
  {
    method: 'POST',
    path: '/',
    answer: {
      endpoint() {
        probe.note('done')
        return jsonReply(200, {})
      },
    },
  },
  { method: 'GET', path: '/', answer: { endpoint: () => jsonReply(200, {}) } },
  { method: 'GET', path: '/token', answer: { endpoint: (ctx) => jsonReply(200, { length: csrfToken(ctx).length }) } },
]

const DONE = response(200, { headers: [['content-type', 'application/json']], body: '{}', notes: ['done'] })
const refused = (detail: string): Transcript => refusal(403, 'cross_site_request', 'Forbidden', { detail })
const REFUSED = refused('Another site caused this request.')
const FOREIGN = refused('The Origin of this request is not one of this application.')
const SILENT = refused('The request has a cookie, and does not say where it comes from: browsers send Sec-Fetch-Site or Origin.')
const write = (...headers: readonly string[]): string => ask('POST /', ...headers)

export const csrfCases: readonly HttpCase[] = [
  {
    title: "the application's own page may write",
    routes,
    request: write('Sec-Fetch-Site: same-origin', 'Origin: https://app.test', 'Cookie: sid=1'),
    expect: DONE,
  },
  {
    title: 'another site may not write, and nothing is done',
    routes,
    request: write('Sec-Fetch-Site: cross-site', 'Origin: https://evil.test', 'Cookie: sid=1'),
    expect: REFUSED,
  },
  {
    title: 'a sibling host may not write',
    routes,
    request: write('Sec-Fetch-Site: same-site', 'Origin: https://other.app.test'),
    expect: REFUSED,
  },
  {
    title: 'a trusted origin may write',
    baseline: own,
    routes,
    request: write('Sec-Fetch-Site: cross-site', 'Origin: https://partner.test', 'Cookie: sid=1'),
    expect: DONE,
  },
  {
    title: 'without Fetch Metadata, the own origin is known by configuration',
    baseline: own,
    routes,
    request: write('Origin: https://app.test', 'Cookie: sid=1'),
    expect: DONE,
  },
  {
    title: 'without Fetch Metadata, the host of the request proves nothing',
    routes,
    request: write('Origin: http://app.test'),
    expect: FOREIGN,
  },
  {
    title: 'two origins are nobody, even if both are trusted',
    baseline: own,
    routes,
    request: write('Origin: https://app.test', 'Origin: https://app.test'),
    expect: FOREIGN,
  },
  {
    title: 'a client that is no browser may write',
    routes,
    request: write(),
    expect: DONE,
  },
  {
    title: 'a cookie without a word of where the request came from is refused',
    routes,
    request: write('Cookie: sid=1'),
    expect: SILENT,
  },
  {
    title: 'a cookie alone may be allowed to write',
    baseline: { csrf: { unsignalled: 'allow' } },
    routes,
    request: write('Cookie: sid=1'),
    expect: DONE,
  },
  {
    title: 'what changes nothing is not asked where it came from',
    routes,
    request: ask('GET /', 'Sec-Fetch-Site: cross-site', 'Cookie: sid=1'),
    expect: response(200, { headers: [['content-type', 'application/json']], body: '{}' }),
  },
  {
    title: 'where tokens are asked for, a session may not write without one',
    baseline: tokens,
    routes,
    request: write('Sec-Fetch-Site: same-origin', 'Cookie: sid=1'),
    expect: refusal(403, 'csrf_token_invalid', 'Forbidden'),
  },
  {
    title: 'where tokens are asked for, a session cookie that comes twice is refused',
    baseline: tokens,
    routes,
    request: write('Sec-Fetch-Site: same-origin', 'Cookie: sid=1; sid=2'),
    expect: refusal(403, 'csrf_token_invalid', 'Forbidden'),
  },
  {
    title: 'another site may not begin a WebSocket',
    routes,
    request: ask(
      'GET /',
      'Sec-Fetch-Mode: websocket',
      'Sec-Fetch-Site: cross-site',
      'Origin: https://evil.test',
      'Cookie: sid=1',
    ),
    expect: REFUSED,
  },
  {
    title: 'an exception that fails lets nothing pass',
    baseline: { csrf: { except: (ctx) => decodeURIComponent(ctx.header('x-odd') ?? '') === '/saml' } },
    routes,
    request: write('Sec-Fetch-Site: cross-site', 'X-Odd: %zz'),
    expect: REFUSED,
  },
  {
    title: 'a page can be given a token',
    baseline: tokens,
    routes,
    request: ask('GET /token', 'Cookie: sid=1'),
    expect: response(200, { headers: [['content-type', 'application/json']], body: '{"length":50}' }),
  },
]
