import { generateSecret, secretRing } from '@wardstone/core'
import { deny, jsonReply, type BaselineOptions, type Guard } from '@wardstone/http'
import { ask, chunked, persistent, refusal, type HttpCase } from '../case.ts'
import type { HttpRoute } from '../host.ts'

/** A path that cannot be decoded is all that it takes. */
const careless: BaselineOptions = {
  csrf: {
    token: {
      secrets: secretRing({ current: generateSecret() }),
      session(ctx) {
        throw new Error(`no session for ${ctx.path}`)
      },
    },
  },
}

const enough: Guard = (ctx) => deny(ctx, { status: 429, code: 'rate_limited', title: 'Too Many Requests' })

const routes: HttpCase['routes'] = (): readonly HttpRoute[] => [
  { method: 'POST', path: '/', guards: [enough], answer: { endpoint: () => jsonReply(200, {}) } },
]

const UNREAD = refusal(429, 'rate_limited', 'Too Many Requests', { headers: [['connection', 'close']] })

export const faultCases: readonly HttpCase[] = [
  {
    title: 'a callback of baseline that throws is a 500 with all headers, and is told',
    baseline: careless,
    routes,
    request: ask('POST /', 'Sec-Fetch-Site: same-origin', 'Cookie: sid=1'),
    expect: refusal(500, 'internal_error', 'Internal Server Error', { notes: ['reported: no session for /'] }),
  },
  {
    title: 'a refused body of unknown length is not read to its end',
    routes,
    request: persistent(chunked('/', [], 'x')),
    expect: UNREAD,
  },
  {
    title: 'a refused body that is announced as a large one is not read',
    routes,
    request: persistent(ask('POST /', 'Content-Length: 65537')),
    expect: UNREAD,
  },
]
