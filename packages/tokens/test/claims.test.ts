import type { StandardSchema } from '@wardstone/core'
import { describe, expect, it } from 'vitest'
import { finding } from '../../core/test/query.ts'
import { ClaimsNotAllowedError, ClaimsUnavailableError, createVerifier, type SessionFacts } from '../src/index.ts'
import { AUDIENCE, codeOf, ISSUER, kit, namesOf, renew, signIn, verified, type Claims } from './kit/service.ts'
import { headerOf, pairOf, payloadAt, signed } from './kit/tokens.ts'

describe('claims', () => {
  it('[TOK-4] come from the application at each refresh, so that a changed role takes effect', async () => {
    const roles = ['user']
    const { tokens, clock } = kit({ claims: ({ sub }) => ({ username: sub, roles: [...roles] }) })
    const first = await signIn(tokens)
    roles.push('moderator')
    expect(verified(tokens, first).principal.roles).toEqual(['user'])
    clock.advance('1m')
    const second = await renew(tokens, first)
    expect(verified(tokens, second).principal.roles).toEqual(['user', 'moderator'])
    roles.length = 0
    for (const again of [await renew(tokens, second), await renew(tokens, first)]) {
      expect(verified(tokens, again).principal.roles).toEqual([]) // repeated and replayed ones too
    }
  })

  it('[TOK-4] are asked for with what the session is, once for each access token', async () => {
    const asked: SessionFacts[] = []
    const { tokens, clock } = kit({ claims: (session) => (asked.push(session), { username: 'ana' }) })
    const issued = await tokens.issue({ sub: 'ana', authTime: clock.now() - 5_000 }, { ip: '192.0.2.1', userAgent: 'A' })
    const session = issued.ok ? issued : expect.unreachable()
    const createdAt = clock.now()
    clock.advance('1m')
    await tokens.refresh(session.refreshToken, { ip: '198.51.100.2' })
    const about = { sub: 'ana', sid: session.sid, createdAt, authTime: createdAt - 5_000 }
    expect(asked).toEqual([
      { ...about, client: { ip: '192.0.2.1', userAgent: 'A' } },
      { ...about, client: { ip: '198.51.100.2', userAgent: 'A' } },
    ])
  })

  it('[TOK-4] belong to the application: what it returned is neither frozen nor kept', async () => {
    const account = { username: 'ana', roles: ['user'] }
    const { tokens } = kit({ claims: () => account, claimsSchema: schema(() => true) })
    const session = await signIn(tokens)
    account.roles.push('admin')
    account.username = 'ada'
    expect(verified(tokens, session).principal.claims).toEqual({ username: 'ana', roles: ['user'] })
  })
})

describe('a loader that fails', () => {
  const broken = { now: false }
  const claims = async (): Promise<Claims> => {
    if (broken.now) throw new TypeError('connection to db://user:hunter2@db refused')
    return { username: 'ana' }
  }

  it('[TOK-4] at a refresh costs the access token, and the client still gets its new refresh token', async () => {
    const { tokens, clock, events } = kit({ claims })
    const session = await signIn(tokens)
    clock.advance('1m')
    broken.now = true
    const refused = await tokens.refresh(session.refreshToken)
    broken.now = false
    expect(refused).toMatchObject({ ok: false, code: 'claims_unavailable', retryable: true, kind: 'rotated', sid: session.sid })
    expect(refused).not.toHaveProperty('accessToken')
    expect(events.at(-1)).toMatchObject({
      name: 'claims_unavailable',
      severity: 'warn',
      subject: 'ana',
      data: { error: 'TypeError' },
    })
    expect(JSON.stringify(events)).not.toContain('hunter2')
    const refreshToken = 'refreshToken' in refused ? refused.refreshToken : ''
    expect((await renew(tokens, { refreshToken })).kind).toBe('repeated')
    expect((await renew(tokens, session)).refreshToken).toBe(refreshToken)
  })

  it('[TOK-4] at sign-in throws, and leaves no session behind', async () => {
    const { tokens } = kit({ claims })
    broken.now = true
    const error: unknown = await tokens.issue({ sub: 'ana' }).catch((e: unknown) => e)
    broken.now = false
    expect(error).toBeInstanceOf(ClaimsUnavailableError)
    expect(error).toMatchObject({ code: 'claims_unavailable', retryable: true })
    expect(String(error)).not.toContain('hunter2')
    expect(await tokens.list('ana')).toEqual([])
  })

  it('[TOK-4] by answering null says that the account is gone: the session ends, the others do not', async () => {
    const gone = { now: false }
    const { tokens, clock, events } = kit({ claims: ({ sub }) => (gone.now && sub === 'ana' ? null : { username: sub }) })
    const [session, ben] = [await signIn(tokens), await signIn(tokens, 'ben')]
    clock.advance('1m')
    gone.now = true
    expect(await tokens.refresh(session.refreshToken)).toEqual({ ok: false, code: 'subject_gone', retryable: false })
    gone.now = false
    expect(codeOf(await tokens.refresh(session.refreshToken))).toBe('subject_gone')
    expect(codeOf(tokens.verifyNow(session.accessToken))).toBe('session_ended')
    expect((await renew(tokens, ben)).kind).toBe('rotated')
    expect(events.find((event) => event.name === 'authn_token_revoked')).toMatchObject({
      data: { reason: 'subject_gone', sids: [session.sid] },
    })
  })

  it('[TOK-4] by answering null at sign-in: no session begins', async () => {
    const { tokens, events } = kit({ claims: () => null })
    expect(await tokens.issue({ sub: 'ana' })).toEqual({ ok: false, code: 'subject_gone', retryable: false })
    expect([await tokens.list('ana'), namesOf(events)]).toEqual([[], []])
  })

  it('[TOK-4] or is slow mints nothing that outlives a logout everywhere meanwhile', async () => {
    const { tokens } = kit({ claims: async ({ sub }) => (await tokens.revokeAll(sub), { username: sub }) })
    expect(codeOf(await tokens.issue({ sub: 'ana' }))).toBe('epoch_moved')
    expect(await tokens.list('ana')).toEqual([])
  })
})

describe('claims that cannot go into a token', () => {
  const circle: { self?: unknown } = {}
  circle.self = circle
  const reserved = 'iss aud sub iat exp nbf jti sid gen epo cep auth_time cnf act events constructor prototype'.split(' ')

  it.each([
    ...reserved.map((name): [string, unknown] => [name, { [name]: 'mine' }]),
    ['__proto__', JSON.parse('{"__proto__":{"roles":["admin"]}}')],
    ['a text', 'claims'],
    ['a list', ['claims']],
    ['roles that are one text', { roles: 'admin' }],
    ['roles that are numbers', { roles: [1, 2] }],
    ['a tenant that is a number', { tenant: 42 }],
    ['a bigint', { id: 1n }],
    ['a circle', circle],
    ['a reserved name behind toJSON', { toJSON: () => ({ sub: 'ada' }) }],
    ['something too long for a token', { note: 'x'.repeat(8_000) }],
  ])('[TOK-4] %s: refused at sign-in and at refresh, nothing is minted', async (_name, bad) => {
    const state: { claims: unknown } = { claims: bad }
    const { tokens, clock } = kit({ claims: () => state.claims as Claims })
    const error: unknown = await tokens.issue({ sub: 'ana' }).catch((e: unknown) => e)
    expect(error).toBeInstanceOf(ClaimsNotAllowedError)
    expect(error).toMatchObject({ code: 'claims_not_allowed', retryable: false })
    expect(await tokens.list('ana')).toEqual([])
    state.claims = { username: 'ana' }
    const session = await signIn(tokens)
    clock.advance('1m')
    state.claims = bad
    expect(codeOf(await tokens.refresh(session.refreshToken))).toBe('claims_unavailable')
    state.claims = { username: 'ana' }
    expect((await renew(tokens, session)).kind).toBe('replayed')
  })
})

function schema(fits: (value: Partial<Claims>) => boolean): StandardSchema<Claims> {
  const validate = (value: unknown) =>
    fits(value as Partial<Claims>) ? { value: value as Claims } : { issues: [{ message: 'no' }] }
  return { '~standard': { version: 1, vendor: 'test', validate } }
}

describe('claimsSchema', () => {
  const named = schema((value) => typeof value.username === 'string')

  it('[TOK-4] refuses claims that do not fit before they are signed', async () => {
    const { tokens } = kit({ claims: () => ({ name: 'ana' }) as unknown as Claims, claimsSchema: named })
    await expect(tokens.issue({ sub: 'ana' })).rejects.toThrow(ClaimsNotAllowedError)
  })

  it('[TOK-4] sees what will stand in the token: a date is a text by then', async () => {
    const dated = schema((value) => typeof (value as { since?: unknown }).since === 'string')
    const claims = () => ({ username: 'ana', since: new Date(0) })
    const { tokens } = kit({ claims, claimsSchema: dated })
    expect(verified(tokens, await signIn(tokens)).principal.claims).toEqual({
      username: 'ana',
      since: '1970-01-01T00:00:00.000Z',
    })
  })

  it('[TOK-4] refuses tokens whose claims do not fit, and gives those that do the form of its output', () => {
    const pair = pairOf('EdDSA')
    const upper: StandardSchema<Claims> = {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: (value) => {
          const { username } = value as Partial<Claims>
          return username === undefined
            ? { issues: [{ message: 'no' }] }
            : { value: { username: username.toUpperCase(), roles: ['r'] } }
        },
      },
    }
    const options = { issuer: ISSUER, audience: AUDIENCE, keys: pair.keys, revocation: 'none', now: () => 0 } as const
    const verifier = createVerifier({ ...options, claimsSchema: upper })
    const result = verifier.verify(signed(pair, headerOf(pair), payloadAt(0)))
    expect(result).toMatchObject({ ok: true, principal: { roles: ['r'], claims: { username: 'USER ANA' } } })
    expect(() => Object.assign(result.ok ? result.principal.claims : {}, { username: 'x' })).toThrow(TypeError)
    expect(codeOf(verifier.verify(signed(pair, headerOf(pair), { ...payloadAt(0), username: undefined })))).toBe('claims_invalid')
  })

  it.each<[string, (value: unknown) => unknown]>([
    ['a promise', async (value) => ({ value })],
    ['a promise that rejects', () => Promise.reject(new Error('no'))],
    // Without issues, it would pass for a success whose claims are undefined.
    ['the promise of another library', (value) => finding({ value })],
  ])('[TOK-4] has to answer at once, not with %s', async (_, validate) => {
    const slow = { '~standard': { version: 1, vendor: 'test', validate } } as StandardSchema<Claims>
    await expect(kit({ claimsSchema: slow }).tokens.issue({ sub: 'ana' })).rejects.toThrow(/answer at once/)
  })
})
