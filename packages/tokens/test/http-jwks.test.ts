import { describe, expect, it } from 'vitest'
import { createSessionEndpoints } from '../src/http.ts'
import { createKeySet } from '../src/index.ts'
import { headersOf, request } from './kit/http.ts'
import { kit } from './kit/service.ts'
import { fakeClock } from '@wardstone/testkit'

const clock = fakeClock()
const keys = createKeySet({ algorithm: 'EdDSA', now: clock.now })
const { tokens } = kit({ clock, keys })
const http = createSessionEndpoints({ tokens, cookie: { secure: false } })
const get = async (ifNoneMatch?: string) =>
  http.jwks(request({ method: 'GET', headers: ifNoneMatch === undefined ? {} : { 'if-none-match': ifNoneMatch } }), undefined)

describe('the key set over HTTP', () => {
  it('[TOK-6] is served with its type, age and validator', async () => {
    const reply = await get()
    const { body, etag, cacheControl } = keys.jwks()
    expect(reply).toEqual({
      status: 200,
      headers: [
        ['content-type', 'application/jwk-set+json'],
        ['cache-control', cacheControl],
        ['etag', etag],
      ],
      body,
    })
  })

  it('[TOK-6] is not sent again to whoever has it', async () => {
    const { etag } = keys.jwks()
    for (const known of [etag, `W/${etag}`, `"other", ${etag}`, `"other",W/${etag}`, '*']) {
      const reply = await get(known)
      expect([reply.status, reply.body, headersOf(reply, 'etag')]).toEqual([304, undefined, [etag]])
    }
    for (const other of ['"other"', etag.slice(1, -1), '']) expect((await get(other)).status).toBe(200)
  })

  it('[TOK-6] is sent again after a rotation', async () => {
    const { etag } = keys.jwks()
    const rotating = keys.rotate()
    expect((await get(etag)).status).toBe(304)
    await rotating
    expect((await get(etag)).status).toBe(200)
  })
})
