import { ALLOW, deny, jsonReply, type Guard, type HeaderList, type Reply } from '@wardstone/http'
import { ask, BASELINE, refusal, response, type HttpCase } from '../case.ts'
import type { HttpRoute } from '../host.ts'

const send =
  (...headers: HeaderList): Guard =>
  () => ({ ok: true, headers })

/** The same after a turn of the event loop. */
const later =
  (guard: Guard): Guard =>
  async (ctx) => {
    await new Promise((resolve) => setImmediate(resolve))
    return guard(ctx)
  }

const get = (guards: readonly Guard[], reply: Reply) => (): readonly HttpRoute[] => [
  { method: 'GET', path: '/', guards, answer: { endpoint: () => reply } },
]

const OK = jsonReply(200, {})
const JSON_TYPE = ['content-type', 'application/json'] as const

export const headerCases: readonly HttpCase[] = [
  {
    title: 'headers come in the order in which they were asked for: baseline, guards, reply',
    routes: get([send(['x-b', '1']), send(['x-a', '2'])], jsonReply(201, { made: true }, [['location', '/made/1']])),
    request: ask('GET /'),
    expect: response(201, {
      guards: [
        ['x-b', '1'],
        ['x-a', '2'],
      ],
      headers: [JSON_TYPE, ['location', '/made/1']],
      body: '{"made":true}',
    }),
  },
  {
    title: 'a later header replaces an earlier one where it stood',
    routes: get([send(['x-frame-options', 'SAMEORIGIN'])], OK),
    request: ask('GET /'),
    expect: {
      ...response(200, { headers: [JSON_TYPE], body: '{}' }),
      headers: [
        ...BASELINE.map(([name, value]) => [name, name === 'x-frame-options' ? 'SAMEORIGIN' : value] as const),
        JSON_TYPE,
        ['content-length', '2'],
        ['Connection', 'close'],
      ],
    },
  },
  {
    title: 'cookies of two guards and of the reply all arrive',
    routes: get(
      [send(['set-cookie', 'a=1'], ['set-cookie', 'b=2']), later(send(['set-cookie', 'c=3']))],
      jsonReply(200, {}, [['set-cookie', 'd=4']]),
    ),
    request: ask('GET /'),
    expect: response(200, {
      guards: ['a=1', 'b=2', 'c=3', 'd=4'].map((cookie) => ['set-cookie', cookie] as const),
      headers: [JSON_TYPE],
      body: '{}',
    }),
  },
  {
    title: 'Vary of two guards and of the reply is united',
    routes: get([send(['vary', 'Origin']), send(['vary', 'accept, origin'])], jsonReply(200, {}, [['vary', 'Cookie']])),
    request: ask('GET /'),
    expect: response(200, { guards: [['vary', 'Origin, accept, Cookie']], headers: [JSON_TYPE], body: '{}' }),
  },
  {
    title: 'a refusal keeps the headers of the guards before it, and nobody after it is asked',
    routes: get(
      [
        send(['x-a', '1'], ['set-cookie', 'a=1']),
        later((ctx) => deny(ctx, { status: 403, code: 'no_entry', detail: 'Not you.' })),
        send(['x-z', '1']),
      ],
      OK,
    ),
    request: ask('GET /'),
    expect: refusal(403, 'no_entry', 'Forbidden', {
      guards: [
        ['x-a', '1'],
        ['set-cookie', 'a=1'],
      ],
      detail: 'Not you.',
    }),
  },
  {
    title: 'head hooks see the status and the headers, and add to them in order, whatever mount they came from',
    routes: () => [
      {
        method: 'GET',
        path: '/',
        first: () => ({ ok: true, head: (head) => [['x-seen', `${head.status} ${head.header('content-type')}`]] }),
        guards: [
          () => ({
            ok: true,
            head: (head) => [
              ['x-then', head.header('x-seen') ?? 'nothing'],
              ['vary', 'Cookie'],
            ],
          }),
        ],
        answer: { endpoint: () => jsonReply(202, {}, [['vary', 'Origin']]) },
      },
    ],
    request: ask('GET /'),
    expect: {
      ...response(202, { body: '{}' }),
      headers: [
        ...BASELINE,
        JSON_TYPE,
        ['vary', 'Origin, Cookie'],
        ['content-length', '2'],
        ['x-seen', '202 application/json'],
        ['x-then', '202 application/json'],
        ['Connection', 'close'],
      ],
    },
  },
  {
    title: 'a head hook that throws or answers nonsense adds nothing and harms nothing',
    routes: get(
      [
        () => ({
          ok: true,
          head: () => {
            throw new Error('head')
          },
        }),
        () => ({ ok: true, head: () => [['x-bad', 'a\r\nb: c']] }),
      ],
      OK,
    ),
    request: ask('GET /'),
    expect: response(200, { headers: [JSON_TYPE], body: '{}' }),
  },
  {
    title: 'a guard whose header cannot be sent is a fault, not a response that is split',
    routes: get([send(['x-a', '1']), send(['x-bad', 'a\r\nset-cookie: b=c'])], OK),
    request: ask('GET /'),
    expect: refusal(500, 'internal_error', 'Internal Server Error', {
      guards: [['x-a', '1']],
      notes: ['reported: Invalid character in header content ["x-bad"]'],
    }),
  },
  {
    title: 'a body without a type is sent as octets, an empty one without',
    routes: () => [{ method: 'GET', path: '/', answer: { endpoint: () => ({ status: 200, body: new Uint8Array([104, 105]) }) } }],
    request: ask('GET /'),
    expect: response(200, { headers: [['content-type', 'application/octet-stream']], body: 'hi' }),
  },
  {
    title: 'a reply without a body says so by its length',
    routes: get([() => ALLOW], { status: 401, headers: [['www-authenticate', 'Bearer']] }),
    request: ask('GET /'),
    expect: response(401, { headers: [['www-authenticate', 'Bearer']] }),
  },
  {
    title: '204 has no body and no length',
    routes: get([], { status: 204, headers: [['set-cookie', 'a=; Max-Age=0']], body: 'never sent' }),
    request: ask('GET /'),
    expect: response(204, { headers: [['set-cookie', 'a=; Max-Age=0']] }),
  },
  {
    title: '204 and 304 do not describe a body that they do not have',
    routes: get([], jsonReply(304, {}, [['etag', '"1"']])),
    request: ask('GET /'),
    expect: { ...response(204, { headers: [['etag', '"1"']] }), status: 304, reason: 'Not Modified' },
  },
  {
    title: 'HEAD is answered like GET, without the body',
    routes: get([send(['x-a', '1'])], jsonReply(200, { long: 'enough' })),
    request: ask('HEAD /'),
    expect: response(200, { guards: [['x-a', '1']], headers: [JSON_TYPE], length: 17 }),
  },
  {
    title: 'HEAD of a refusal is its head alone',
    routes: get([(ctx) => deny(ctx, { status: 403, code: 'no_entry' })], OK),
    request: ask('HEAD /'),
    expect: { ...refusal(403, 'no_entry', 'Forbidden'), body: '' },
  },
  {
    title: 'a guard may answer OPTIONS by itself, as a preflight is',
    routes: () => [
      {
        method: 'OPTIONS',
        path: '/',
        guards: [() => ({ ok: false, reply: { status: 204, headers: [['access-control-allow-origin', 'https://a.test']] } })],
        answer: { endpoint: () => OK },
      },
    ],
    request: ask('OPTIONS /', 'Origin: https://a.test', 'Access-Control-Request-Method: POST'),
    expect: response(204, { headers: [['access-control-allow-origin', 'https://a.test']] }),
  },
  {
    title: 'OPTIONS that nobody answers is a 404 like any other',
    routes: get([], OK),
    request: ask('OPTIONS /'),
    expect: refusal(404, 'not_found', 'Not Found'),
  },
  {
    title: 'OPTIONS * is a 404 like any other',
    routes: get([], OK),
    request: ask('OPTIONS *'),
    expect: refusal(404, 'not_found', 'Not Found'),
  },
]
