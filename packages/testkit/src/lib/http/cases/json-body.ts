import { jsonReply } from '@wardstone/http'
import { ask, chunked, persistent, post, refusal, response, type HttpCase } from '../case.ts'
import type { HttpAnswer, HttpRoute } from '../host.ts'

const JSON_BODY = 'Content-Type: application/json'
const JSON_TYPE = ['content-type', 'application/json'] as const
const CLOSING = ['connection', 'close'] as const
const [LIMIT, DEPTH, KEYS] = [64, 3, 4]

/** The same body, read by the framework's parser and by an endpoint. */
const READERS: ReadonlyArray<readonly [who: string, answer: HttpAnswer]> = [
  ['the parser', { json: { limit: LIMIT, depth: DEPTH, keys: KEYS } }],
  [
    'an endpoint',
    { endpoint: (_ctx, body) => jsonReply(200, { body: body ?? null }), bodyLimit: LIMIT, depth: DEPTH, keys: KEYS },
  ],
]

const echoed = (body: unknown): HttpCase['expect'] => response(200, { headers: [JSON_TYPE], body: JSON.stringify({ body }) })
const malformed = refusal(400, 'malformed_request', 'Bad Request', { headers: [CLOSING] })
const tooLarge = refusal(413, 'body_too_large', 'Content Too Large', { headers: [CLOSING] })
const unsupported = (detail: string): HttpCase['expect'] =>
  refusal(415, 'unsupported_media_type', 'Unsupported Media Type', { headers: [CLOSING], detail })
const notJson = unsupported('Send application/json, not compressed.')

type Row = readonly [title: string, request: string, expected: HttpCase['expect']]

const come: readonly Row[] = [
  ...['{"a":[1,null]}', '"text"', '0', 'null', 'false', '[]', '{"a":{"b":[]}}', '{"a":1,"b":2,"c":3,"d":4}'].map((body): Row => [
    `JSON comes in: ${body}`,
    post('/', [JSON_BODY], body),
    echoed(JSON.parse(body)),
  ]),
  ['UTF-8 comes in', post('/', [JSON_BODY], '"\xc3\xa9\xf0\x9f\x94\x91"'), echoed('é🔑')],
  ['a byte order mark is skipped', post('/', [JSON_BODY], '\xef\xbb\xbf{}'), echoed({})],
  ['a charset of UTF-8 is none', post('/', ['Content-Type: Application/JSON ; charset="UTF-8";'], '{}'), echoed({})],
  ['chunks come in', chunked('/', [JSON_BODY], '{"a"', ':1}', ''), echoed({ a: 1 })],
  ['a character cut by a chunk comes in', chunked('/', [JSON_BODY], '"\xc3', '\xa9"', ''), echoed('é')],
  ['the last of two values holds', post('/', [JSON_BODY], '{"a":1,"a":2}'), echoed({ a: 2 })],
  ['exactly the limit comes in', post('/', [JSON_BODY], `"${'x'.repeat(LIMIT - 2)}"`), echoed('x'.repeat(LIMIT - 2))],
  ['no body and no type is no body', post('/', [], ''), echoed(null)],
  ['a type without a body is no body', post('/', [JSON_BODY], ''), echoed(null)],
  ['a type without a length is no body', ask('POST /', JSON_BODY), echoed(null)],
  [
    'a body that comes with GET is not looked at',
    post('/', ['Content-Type: text/plain'], '{"a"').replace('POST', 'GET'),
    echoed(null),
  ],
]

const refused: readonly Row[] = [
  ...[
    '{"a":',
    ' ',
    'undefined',
    "{'a':1}",
    '"\xe9"',
    '"\xc0\xa2"',
    '"\xed\xa0\x80"',
    '{"__proto__":{"admin":true}}',
    '[{"a":{"\\u005f_proto__":1}}]',
    '{"constructor":{"prototype":{}}}',
    '[[[[]]]]',
    '{"a":{"b":{"c":{}}}}',
    '{"a":1,"b":2,"c":3,"d":4,"e":5}',
  ].map((body): Row => [`malformed, poisoned or excessive JSON is a 400: ${body}`, post('/', [JSON_BODY], body), malformed]),
  ['chunks that hold nothing are no JSON', chunked('/', [JSON_BODY], ''), malformed],
  ['bad bytes in chunks are a 400', chunked('/', [JSON_BODY], '"\xff', '"', ''), malformed],
  ...[
    'Content-Type: text/plain',
    'Content-Type: application/x-www-form-urlencoded',
    'Content-Type: application/json-patch+json',
    'Content-Type: application/json, text/plain',
    'Content-Type: nonsense',
    'Content-Type: application/json\r\nContent-Encoding: gzip',
    'Content-Type: application/json\r\nContent-Encoding: br',
    'X-Nothing: at all',
  ].map((header): Row => [`anything else is a 415: ${header.replace('\r\n', ', ')}`, post('/', [header], '{}'), notJson]),
  [
    'another charset is a 415',
    post('/', ['Content-Type: application/json; charset=utf-16le'], '{\0}\0'),
    unsupported('Send application/json in UTF-8.'),
  ],
  ['a type is refused before a size', post('/', ['Content-Type: text/plain'], 'x'.repeat(LIMIT + 1)), notJson],
  [
    'what is announced larger is refused before it comes, and the connection ended',
    persistent(post('/', [JSON_BODY], 'x'.repeat(LIMIT + 1))).slice(0, -LIMIT - 1),
    tooLarge,
  ],
  [
    'what turns out larger is refused before its end, and the connection ended',
    persistent(chunked('/', [JSON_BODY], 'x'.repeat(LIMIT), 'x')),
    tooLarge,
  ],
]

const routes = (answer: HttpAnswer) => (): readonly HttpRoute[] => [
  { method: 'POST', path: '/', answer },
  { method: 'GET', path: '/', answer },
]

export const jsonBodyCases: readonly HttpCase[] = READERS.flatMap(([who, answer]) =>
  [...come, ...refused].map(([title, request, expect]): HttpCase => ({
    title: `${who}: ${title}`,
    routes: routes(answer),
    request,
    expect,
  })),
)
