import { createHmac, randomBytes } from 'node:crypto'
import { secret, secretRing } from '@wardstone/core'
import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import type { Issued } from '../src/index.ts'
import { refreshRing } from '../src/lib/refresh/wire.ts'
import { codeOf, ISSUER, kit, signIn, type Kit } from './kit/service.ts'
import { watched, type Watched } from './kit/stores.ts'

let k: Kit
let store: Watched
let session: Issued
beforeEach(async () => {
  store = watched()
  k = kit({ around: store.wrap })
  session = await signIn(k.tokens)
  store.calls.length = 0
})

const bytesOf = (token: string): Buffer => Buffer.from(token.slice(4), 'base64url')
const tokenOf = (bytes: Uint8Array): string => `wrt_${Buffer.from(bytes).toString('base64url')}`

/** Signs any body with the key of the service, as only somebody with the ring could. */
function resigned(body: Uint8Array): string {
  const key = refreshRing(k.ring, ISSUER).current().bytes()
  return tokenOf(Buffer.concat([body, createHmac('sha256', key).update(body).digest().subarray(0, 16)]))
}

describe('[TOK-2] what is no refresh token of ours is refused without a look at the store', () => {
  it.each<[string, (token: string) => unknown]>([
    ['nothing', () => ''],
    ['the prefix alone', () => 'wrt_'],
    ['garbage', () => 'garbage'],
    ['an access token', () => session.accessToken],
    ['one that lost its prefix', (token) => token.slice(4)],
    ['one with another prefix', (token) => `xrt_${token.slice(4)}`],
    ['one with the prefix in capitals', (token) => token.replace('wrt_', 'WRT_')],
    ['one cut by a character', (token) => token.slice(0, -1)],
    ['one cut in half', (token) => token.slice(0, 40)],
    ['one that is longer by a character', (token) => `${token}A`],
    ['one with padding', (token) => `${token}=`],
    ['one with a space', (token) => `${token} `],
    ['one with a line break', (token) => `${token}\n`],
    ['two in a row', (token) => token + token],
    ['a megabyte', (token) => token + 'A'.repeat(1_000_000)],
    ['one in hex', (token) => bytesOf(token).toString('hex')],
    ['one in quotes', (token) => `"${token}"`],
    ['one with unused bits set', (token) => tokenOf(bytesOf(token)).slice(0, -1) + lastCharacterOf(token, 1)],
    ['another version', (token) => tokenOf(Buffer.concat([Buffer.from([2]), bytesOf(token).subarray(1)]))],
    ['undefined', () => undefined],
    ['a number', () => 7],
    ['an object', () => ({ toString: () => session.refreshToken })],
    ['a list', () => [session.refreshToken]],
  ])('%s', async (_name, change) => {
    const result = await k.tokens.refresh(change(session.refreshToken) as string)
    expect(result).toEqual({ ok: false, code: 'malformed', retryable: false })
    expect(await k.tokens.revoke({ refreshToken: change(session.refreshToken) as string })).toBe(false)
    expect(store.calls).toEqual([])
  })

  it('a refresh token as access token, likewise', () => {
    expect(codeOf(k.tokens.verifyNow(session.refreshToken))).toBe('malformed')
    expect(store.calls).toEqual([])
  })

  it('any single changed character', async () => {
    const { refreshToken } = session
    for (let at = 0; at < refreshToken.length; at++) {
      const other = refreshToken.slice(0, at) + (refreshToken[at] === 'A' ? 'B' : 'A') + refreshToken.slice(at + 1)
      expect(['malformed', 'refresh_key_unknown']).toContain(codeOf(await k.tokens.refresh(other)))
    }
    expect(store.calls).toEqual([])
    expect(codeOf(await k.tokens.refresh(refreshToken))).toBe('ok')
  })

  it('any text', async () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 120 }),
      fc.uint8Array({ minLength: 58, maxLength: 70 }).map((bytes) => tokenOf(bytes)),
      fc.uint8Array({ minLength: 57, maxLength: 69 }).map((bytes) => tokenOf(Buffer.concat([Buffer.from([1]), bytes]))),
    )
    await fc.assert(
      fc.asyncProperty(text, async (token) => !(await k.tokens.refresh(token)).ok),
      { numRuns: 400, seed: 7 },
    )
    expect(store.calls).toEqual([])
  })

  it.each<[string, number[]]>([
    ['written longer than needed', [0x80, 0x00]],
    ['without an end', [0x80]],
    ['too large', [0xff, 0xff, 0xff, 0xff, 0x7f]],
    ['just too large', [0x80, 0x80, 0x80, 0x80, 0x08]],
    ['of two numbers', [0x01, 0x01]],
    ['of six bytes', [0x80, 0x80, 0x80, 0x80, 0x80, 0x01]],
    ['of no bytes', []],
  ])('one with a good signature over a generation %s', async (_name, generation) => {
    const good = bytesOf(session.refreshToken)
    const token = resigned(Buffer.concat([good.subarray(0, 29), Buffer.from(generation), good.subarray(30, -16)]))
    expect(codeOf(await k.tokens.refresh(token))).toBe('malformed')
    expect(store.calls).toEqual([])
  })

  it('one with a good signature of a version to come', async () => {
    const body = Buffer.from(bytesOf(session.refreshToken).subarray(0, -16))
    body[0] = 2
    expect(codeOf(await k.tokens.refresh(resigned(body)))).toBe('malformed')
    expect(store.calls).toEqual([])
  })

  it('one of a secret that nobody knows here: to be tried again', async () => {
    const other = kit({ clock: k.clock })
    const { refreshToken } = await signIn(other.tokens)
    expect(await k.tokens.refresh(refreshToken)).toEqual({ ok: false, code: 'refresh_key_unknown', retryable: true })
    expect(store.calls).toEqual([])
  })

  it('one signed for another purpose by the same ring', async () => {
    const body = bytesOf(session.refreshToken).subarray(0, -16)
    for (const key of [k.ring.current().bytes(), k.ring.derive('cookie').current().bytes()]) {
      const mac = createHmac('sha256', key).update(body).digest().subarray(0, 16)
      expect(codeOf(await k.tokens.refresh(tokenOf(Buffer.concat([body, mac]))))).toBe('malformed')
    }
    expect(store.calls).toEqual([])
  })
})

it('[TOK-2] a well-signed token of a session that nobody knows is refused quietly', async () => {
  const body = Buffer.from(bytesOf(session.refreshToken).subarray(0, -16))
  body.fill(7, 13, 29)
  expect(codeOf(await k.tokens.refresh(resigned(body)))).toBe('unknown_session')
  expect(k.events.map((event) => event.name)).toEqual(['session_created'])
})

it('[TOK-2] a session is found only in its own part of the store', async () => {
  const body = Buffer.from(bytesOf(session.refreshToken).subarray(0, -16))
  body.fill(7, 5, 13)
  expect(codeOf(await k.tokens.refresh(resigned(body)))).toBe('unknown_session')
})

it('[TOK-3] a token ahead of its session, which a store that keeps its writes cannot explain, ends it', async () => {
  const body = Buffer.from(bytesOf(session.refreshToken).subarray(0, -16))
  body[29] = 1
  expect(codeOf(await k.tokens.refresh(resigned(body)))).toBe('generation_ahead')
  expect(k.events.at(-1)).toMatchObject({
    name: 'authn_token_reuse',
    severity: 'critical',
    data: { generation: 0, presented: 1 },
  })
  expect(codeOf(k.tokens.verifyNow(session.accessToken))).toBe('session_ended')
})

it('[TOK-3] a wrong session secret under a good signature wakes somebody, and ends nothing', async () => {
  const body = Buffer.from(bytesOf(session.refreshToken).subarray(0, -16))
  body.fill(7, 30, 46)
  const forged = resigned(body)
  expect(await k.tokens.refresh(forged, { ip: '203.0.113.66' })).toEqual({ ok: false, code: 'forged', retryable: false })
  expect(k.events.at(-1)).toEqual({
    name: 'authn_token_forged',
    severity: 'critical',
    at: k.clock.now(),
    subject: 'ana',
    sid: session.sid,
    client: { ip: '203.0.113.66' },
    data: { kid: k.ring.current().kid },
  })
  expect(await k.tokens.revoke({ refreshToken: forged })).toBe(false)
  expect(codeOf(await k.tokens.refresh(session.refreshToken))).toBe('ok')
  expect(codeOf(k.tokens.verifyNow(session.accessToken))).toBe('ok')
})

it('[TOK-2] two secrets whose ids have the same mark in the token are told apart by the signature', async () => {
  const [one, two] = [secret(randomBytes(64), { kid: 'k153629' }), secret(randomBytes(64), { kid: 'k164064' })]
  const own = kit({ ring: secretRing({ current: two, previous: one }) })
  const { refreshToken } = await signIn(own.tokens)
  own.ring.replace({ current: one, previous: two })
  const later = await signIn(own.tokens)
  const marks = [refreshToken, later.refreshToken].map((token) => bytesOf(token).toString('hex', 1, 5))
  expect(marks[0]).toBe(marks[1])
  expect([codeOf(await own.tokens.refresh(refreshToken)), codeOf(await own.tokens.refresh(later.refreshToken))]).toEqual([
    'ok',
    'ok',
  ])
})

function lastCharacterOf(token: string, bits: number): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  return alphabet.charAt(alphabet.indexOf(token.at(-1) ?? '') | bits)
}
