import type { CorsOptions as PeerOptions, CorsOptionsDelegate } from 'cors'
import type { CorsOptions } from '@wardstone/http'
import { get, PAGE, preflight, type Ask, type difference } from './cors-peer.ts'

// Every documented behaviour of cors 2.8 by its title: https://github.com/expressjs/cors/blob/v2.8.6/test/test.js - equal, or
// with what differs (theirs, ours) and why. A difference that is not listed fails. Their `request.com` is no origin; a browser's is.

/** One documented behaviour. */
export interface Row {
  readonly title: string
  readonly theirs: PeerOptions | CorsOptionsDelegate | undefined
  readonly ours: CorsOptions
  readonly ask: Ask
  /** Theirs and ours. */
  readonly differs?: ReturnType<typeof difference>
  /** `stricter` grants nothing that they do not. */
  readonly because?: `stricter: ${string}` | `different: ${string}`
}

export const EXAMPLE = 'https://example.com'
export const EVIL = 'https://invalid-request.com'
const HEADERS = { headers: ['header1', 'header2'] }
const plain = {
  credentials: false,
  methods: ['GET', 'HEAD', 'PUT', 'PATCH', 'POST', 'DELETE'],
  headers: [],
  exposed: [],
  maxAge: 0,
}
const everybody: CorsOptions = { ...plain, origins: ['*'] }
export const page: CorsOptions = { ...plain, origins: [PAGE] }
export const example: CorsOptions = { ...plain, origins: [EXAMPLE] }
/** An origin callback that says so of everybody. */
export const says = (verdict: boolean): PeerOptions => ({ origin: (_, answer) => answer(null, verdict) })

const AGE = { 'access-control-max-age': [undefined, '0'] } as const
const REFLECTED = {
  'access-control-allow-headers': ['header1,header2', undefined],
  vary: ['access-control-request-headers', undefined],
} as const
const VARIES = { vary: ['origin', 'access-control-request-headers,access-control-request-method,origin'] } as const
const LISTS = 'stricter: what was asked for is not granted by reflecting it; and the age is always said'
const WHOLE_VARY = 'different: whether OPTIONS is a preflight hangs on these headers, and so does the answer'

export const rows: readonly Row[] = [
  {
    title: 'does not alter `options` configuration object',
    theirs: Object.freeze({ origin: EXAMPLE }),
    ours: Object.freeze(example),
    ask: get(EXAMPLE),
  },
  { title: 'passes control to next middleware', theirs: undefined, ours: everybody, ask: get() },
  {
    title: 'shortcircuits preflight requests',
    theirs: undefined,
    ours: everybody,
    ask: preflight(),
    differs: { ...AGE, ...REFLECTED },
    because: LISTS,
  },
  {
    title: 'can configure preflight success response status code',
    theirs: { optionsSuccessStatus: 200 },
    ours: everybody,
    ask: preflight(),
    differs: { ...AGE, ...REFLECTED, status: ['200', '204'] },
    because: 'different: no browser of today stumbles over 204',
  },
  {
    title: "doesn't shortcircuit preflight requests with preflightContinue option",
    theirs: { preflightContinue: true },
    ours: everybody,
    ask: preflight(),
    differs: { ...AGE, ...REFLECTED, status: ['200', '204'] },
    because: 'different: a preflight is for nobody else; OPTIONS that is none goes on',
  },
  {
    // On the wire there is none: methods are upper case, and Node answers others with 400 (RFC 9110 section 9.1).
    title: 'normalizes method names',
    theirs: undefined,
    ours: everybody,
    ask: { ...preflight(), method: 'options' },
    differs: { ...AGE, ...REFLECTED },
    because: LISTS,
  },
  {
    title: 'includes Content-Length response header',
    theirs: { allowedHeaders: ['header1'], maxAge: 0 },
    ours: { ...everybody, headers: ['header1'] },
    ask: { ...preflight(), also: 'content-length' },
    differs: { 'content-length': ['0', undefined] },
    because: 'different: 204 has no length (RFC 9110 section 8.6), and Safari has learnt to read it',
  },
  { title: 'no options enables default CORS to all origins', theirs: undefined, ours: everybody, ask: get() },
  {
    title: 'OPTION call with no options enables default CORS to all origins and methods',
    theirs: undefined,
    ours: everybody,
    ask: { method: 'OPTIONS', headers: { origin: PAGE } },
    differs: {
      'access-control-allow-methods': ['GET,HEAD,PUT,PATCH,POST,DELETE', undefined],
      status: ['204', '200'],
      vary: ['access-control-request-headers', undefined],
    },
    because: 'different: without Access-Control-Request-Method it is no preflight, and the application may have an answer to it',
  },
  {
    title: 'overrides defaults',
    theirs: { origin: EXAMPLE, methods: ['FOO', 'BAR'], allowedHeaders: ['FIZZ', 'buzz'], credentials: true, maxAge: 123 },
    ours: { ...example, methods: ['FOO', 'BAR'], headers: ['FIZZ', 'buzz'], credentials: true, maxAge: '123s' },
    ask: preflight(EXAMPLE),
    differs: VARIES,
    because: WHOLE_VARY,
  },
  {
    title: 'matches request origin against regexp',
    theirs: { origin: /^https:\/\/([^.]+\.)?request\.com$/ },
    ours: { ...plain, origins: [PAGE, 'https://*.request.com'] },
    ask: get(),
  },
  {
    title: 'matches request origin against array of origin checks',
    theirs: { origin: [/foo\.com$/, PAGE] },
    ours: { ...plain, origins: ['https://*.foo.com', PAGE] },
    ask: get(),
  },
  {
    title: "doesn't match request origin against array of invalid origin checks",
    theirs: { origin: [/foo\.com$/, 'https://bar.com'] },
    ours: { ...plain, origins: ['https://*.foo.com', 'https://bar.com'] },
    ask: get(),
  },
  {
    title: 'origin of false disables cors',
    theirs: { origin: false },
    ours: { ...plain, origins: [] },
    ask: get(),
    differs: { vary: [undefined, 'origin'] },
    because: 'different: an empty list may grow while serving; to disable cors, leave it out',
  },
  {
    title: 'can override origin',
    theirs: { origin: EXAMPLE },
    ours: example,
    ask: get(),
    differs: { 'access-control-allow-origin': [EXAMPLE, undefined] },
    because: 'stricter: a page that may not read is not told who may',
  },
  { title: 'includes Vary header for specific origins', theirs: { origin: EXAMPLE }, ours: example, ask: get(EXAMPLE) },
  {
    title: 'appends to an existing Vary header',
    theirs: { origin: EXAMPLE },
    ours: example,
    ask: { ...get(EXAMPLE), varies: 'Foo' },
  },
  { title: 'origin defaults to *', theirs: {}, ours: everybody, ask: get() },
  {
    title: 'specifying true for origin reflects requesting origin',
    theirs: { origin: true },
    ours: page,
    ask: get(EVIL),
    differs: { 'access-control-allow-origin': [EVIL, undefined] },
    because: 'stricter: who reflects everybody has no list, and with credentials no protection',
  },
  { title: 'should allow origin when callback returns true', theirs: says(true), ours: page, ask: get() },
  {
    title: 'should not allow origin when callback returns false',
    theirs: says(false),
    ours: example,
    ask: get(),
    differs: { vary: [undefined, 'origin'] },
    because: 'stricter: a cache that is not told hands this answer to a page that may read, or the other way round',
  },
  {
    title: 'should not override options.origin callback',
    theirs: { origin: (sent, answer) => answer(null, sent === PAGE) },
    ours: page,
    ask: get(EVIL),
    differs: { vary: [undefined, 'origin'] },
    because: 'stricter: as above',
  },
  {
    title: 'can override methods',
    theirs: { methods: ['M1', 'M2'], allowedHeaders: [] },
    ours: { ...everybody, methods: ['M1', 'M2'] },
    ask: preflight(),
    differs: AGE,
    because: LISTS,
  },
  {
    title: 'methods defaults to GET, HEAD, PUT, PATCH, POST, DELETE',
    theirs: { allowedHeaders: [] },
    ours: { origins: ['*'], credentials: false, headers: [], exposed: [], maxAge: 0 },
    ask: preflight(),
    differs: { ...AGE, 'access-control-allow-methods': ['GET,HEAD,PUT,PATCH,POST,DELETE', 'GET'] },
    because: 'different: everybody may read, and who may write has to be said; HEAD needs no grant',
  },
  {
    title: 'can specify allowed headers as array',
    theirs: { allowedHeaders: ['header1', 'header2'], maxAge: 0 },
    ours: { ...everybody, ...HEADERS },
    ask: preflight(),
  },
  {
    title: 'can specify allowed headers as string',
    theirs: { allowedHeaders: 'header1,header2', maxAge: 0 },
    ours: { ...everybody, ...HEADERS },
    ask: preflight(),
  },
  {
    title: 'specifying an empty list or string of allowed headers will result in no response header for allowed headers',
    theirs: { allowedHeaders: [], maxAge: 0 },
    ours: everybody,
    ask: preflight(),
  },
  {
    title: 'if no allowed headers are specified, defaults to requested allowed headers',
    theirs: { maxAge: 0 },
    ours: { ...everybody, headers: undefined },
    ask: preflight(),
    differs: { ...REFLECTED, 'access-control-allow-headers': ['header1,header2', 'content-type,authorization,x-csrf-token'] },
    because: 'different: a list of what APIs need, whatever was asked for',
  },
  {
    title: 'can specify exposed headers as array',
    theirs: { exposedHeaders: ['h1', 'h2'] },
    ours: { ...everybody, exposed: ['h1', 'h2'] },
    ask: get(),
  },
  {
    title: 'can specify exposed headers as string',
    theirs: { exposedHeaders: 'h1,h2' },
    ours: { ...everybody, exposed: ['h1', 'h2'] },
    ask: get(),
  },
  {
    title: 'specifying an empty list or string of exposed headers will result in no response header for exposed headers',
    theirs: { exposedHeaders: [] },
    ours: everybody,
    ask: get(),
  },
  {
    title: 'includes credentials if explicitly enabled',
    theirs: { origin: PAGE, credentials: true, allowedHeaders: [], maxAge: 0 },
    ours: { ...page, credentials: true },
    ask: preflight(),
    differs: VARIES,
    because: WHOLE_VARY,
  },
  { title: 'does not includes credentials unless explicitly enabled', theirs: undefined, ours: everybody, ask: get() },
  {
    title: 'includes maxAge when specified',
    theirs: { maxAge: 456, allowedHeaders: [] },
    ours: { ...everybody, maxAge: '456s' },
    ask: preflight(),
  },
  {
    title: 'includes maxAge when specified and equals to zero',
    theirs: { maxAge: 0, allowedHeaders: [] },
    ours: everybody,
    ask: preflight(),
  },
  { title: 'does not includes maxAge unless specified', theirs: undefined, ours: everybody, ask: get() },
  {
    title: 'handles options specified via callback',
    theirs: (_, answer) => answer(null, { origin: EXAMPLE }),
    ours: example,
    ask: get(EXAMPLE),
  },
  {
    title: 'handles options specified via callback for preflight',
    theirs: (_, answer) => answer(null, { origin: EXAMPLE, maxAge: 1000, allowedHeaders: [] }),
    ours: { ...example, maxAge: '1000s' },
    ask: preflight(EXAMPLE),
    differs: VARIES,
    because: WHOLE_VARY,
  },
  {
    title: 'handles error specified via callback',
    theirs: (_, answer) => answer(new Error('some error')),
    ours: page,
    ask: get(),
    differs: { 'access-control-allow-origin': [undefined, PAGE], status: ['500', '200'], vary: [undefined, 'origin'] },
    because: 'different: there is no callback that could fail; who decides late writes a guard',
  },
]
