import { ALLOW, deny, jsonReply, type Guard } from '@wardstone/http'
import { ask, refusal, response, type HttpCase } from '../case.ts'
import type { HttpRoute } from '../host.ts'
import type { Probe } from '../probe.ts'

/** Lets through, sends a header and notes how the response ended. */
const watch = (probe: Probe, name: string): Guard => {
  return () => ({
    ok: true,
    headers: [[`x-${name}` as Lowercase<string>, 'passed']],
    closed: ({ status }) => probe.note(`${name} closed ${status}`),
  })
}

const get = (
  guards: readonly Guard[],
  answer: HttpRoute['answer'] = { endpoint: () => jsonReply(200, {}) },
): readonly HttpRoute[] => [{ method: 'GET', path: '/', guards, answer }]

const fail = (message: string): never => {
  throw new Error(message)
}

/** What JavaScript without types makes of guards. */
const broken = (decision: unknown): Guard => (() => decision) as Guard

const A = ['x-a', 'passed'] as const
const B = ['x-b', 'passed'] as const
const JSON_TYPE = ['content-type', 'application/json'] as const
const NOTHING: HttpCase['expect'] = { status: 0, reason: '', headers: [], body: '', cut: false, notes: [] }

const fault = (guards: HttpCase['expect']['headers'], ...notes: readonly string[]): HttpCase['expect'] =>
  refusal(500, 'internal_error', 'Internal Server Error', { guards, notes })

/** Faults of a guard, all of which end in 500, never in a pass. */
const faults: ReadonlyArray<readonly [how: string, guard: Guard, reported: string]> = [
  ['throws', () => fail('broken'), 'broken'],
  ['rejects', async () => fail('broken'), 'broken'],
  ['rejects with undefined', async () => Promise.reject(undefined), 'A guard threw something that is no error'],
  [
    'throws the text "route", a command of Express',
    () => {
      throw 'route'
    },
    'A guard threw something that is no error',
  ],
  ['decides nothing', broken(undefined), 'The guard returned no decision'],
  ['decides nothing, later', broken(Promise.resolve()), 'The guard returned no decision'],
]

export const lifecycleCases: readonly HttpCase[] = [
  {
    title: 'closed gets the status of a response that was sent',
    routes: (probe) => get([watch(probe, 'a'), watch(probe, 'b')]),
    request: ask('GET /'),
    expect: response(200, { guards: [A, B], headers: [JSON_TYPE], body: '{}', notes: ['a closed 200', 'b closed 200'] }),
  },
  {
    title: 'closed runs for the guards before a refusal, with its status',
    routes: (probe) => get([watch(probe, 'a'), (ctx) => deny(ctx, { status: 429, code: 'rate_limited' }), watch(probe, 'b')]),
    request: ask('GET /'),
    expect: refusal(429, 'rate_limited', 'Too Many Requests', { guards: [A], notes: ['a closed 429'] }),
  },
  {
    title: 'one closed hook that throws does not keep the next from running',
    routes: (probe) => get([() => ({ ok: true, closed: () => fail('closed') }), watch(probe, 'a')]),
    request: ask('GET /'),
    expect: response(200, { guards: [A], headers: [JSON_TYPE], body: '{}', notes: ['a closed 200'] }),
  },
  ...faults.map(([how, guard, reported]): HttpCase => ({
    title: `a guard that ${how} is a 500 that keeps what was decided before`,
    routes: (probe) => get([watch(probe, 'a'), guard, watch(probe, 'b')]),
    request: ask('GET /'),
    expect: fault([A], `reported: ${reported}`, 'a closed 500'),
  })),
  {
    title: 'an asynchronous guard holds the next one back',
    routes: (probe) =>
      get([
        async () => {
          probe.note('first begins')
          await new Promise((resolve) => setImmediate(resolve))
          probe.note('first ends')
          return ALLOW
        },
        () => {
          probe.note('second')
          return ALLOW
        },
      ]),
    request: ask('GET /'),
    expect: response(200, { headers: [JSON_TYPE], body: '{}', notes: ['first begins', 'first ends', 'second'] }),
  },
  {
    title: 'closed gets undefined when the client goes away before the response, which then harms nothing',
    routes: (probe) =>
      get([watch(probe, 'a')], {
        async endpoint() {
          probe.note('handler')
          await probe.until('a closed undefined')
          return jsonReply(200, {})
        },
      }),
    request: ask('GET /'),
    leave: { noted: 'handler' },
    expect: { ...NOTHING, notes: ['handler', 'a closed undefined'] },
  },
  {
    title: 'closed gets undefined when the client goes away while a guard is thinking',
    routes: (probe) => [
      {
        method: 'GET',
        path: '/',
        first: watch(probe, 'a'),
        guards: [
          async () => {
            probe.note('thinking')
            await probe.until('a closed undefined')
            return { ok: true, closed: ({ status }) => probe.note(`late closed ${status}`) }
          },
        ],
        answer: { endpoint: () => jsonReply(200, {}) },
      },
    ],
    request: ask('GET /'),
    leave: { noted: 'thinking' },
    expect: { ...NOTHING, notes: ['thinking', 'a closed undefined', 'late closed undefined'] },
  },
  {
    title: 'closed gets undefined when the client goes away in the middle of a streamed response',
    routes: (probe) =>
      get([watch(probe, 'a')], {
        async *stream() {
          yield 'first'
          await probe.until('a closed undefined')
        },
      }),
    request: ask('GET /'),
    leave: { arrived: 'first' },
    expect: { ...streamed('first'), cut: true, notes: ['a closed undefined'] },
  },
  {
    title: 'a streamed response has the headers of the guards, and ends with its status',
    routes: (probe) =>
      get([watch(probe, 'a')], {
        async *stream() {
          yield 'first'
          yield ' second'
        },
      }),
    request: ask('GET /'),
    expect: { ...streamed('first second'), notes: ['a closed 200'] },
  },
  {
    title: 'a stream that fails after the head is cut off, not completed',
    routes: (probe) =>
      get([watch(probe, 'a')], {
        async *stream() {
          yield 'first'
          await new Promise((resolve) => setImmediate(resolve))
          fail('stream')
        },
      }),
    request: ask('GET /'),
    expect: { ...streamed('first'), cut: true, notes: ['a closed undefined'] },
  },
]

function streamed(body: string): HttpCase['expect'] {
  const whole = response(200, { guards: [A], headers: [['content-type', 'text/plain']], body })
  const headers = whole.headers.filter(([name]) => name !== 'content-length')
  return { ...whole, headers: [...headers, ['Transfer-Encoding', 'chunked']] }
}
