import { generateSecret, secretRing, type StandardSchema } from '@wardstone/core'
import { fakeClock } from '@wardstone/testkit'
import { createLocalJWKSet, jwtVerify, type JSONWebKeySet } from 'jose'
import { describe, expect, it } from 'vitest'
import { createKeySet, createTokenService, hmacKeys, memoryStore } from '../src/index.ts'
import { AUDIENCE, ISSUER, kit, renew, signIn, verified } from './kit/service.ts'
import { opened } from './kit/tokens.ts'

const clock = fakeClock()
const keySets = {
  RS256: createKeySet({ now: clock.now }),
  ES256: createKeySet({ algorithm: 'ES256', now: clock.now }),
  EdDSA: createKeySet({ algorithm: 'EdDSA', now: clock.now }),
}
const algorithms = ['RS256', 'ES256', 'EdDSA'] as const

describe('an access token', () => {
  it.each(algorithms)('[TOK-1] names %s, its key and its type in the header, and nothing else', async (alg) => {
    const { tokens } = kit({ clock, keys: keySets[alg] })
    const { header } = opened((await signIn(tokens)).accessToken)
    expect(header).toEqual({ alg, kid: keySets[alg].signer().kid, typ: 'at+jwt' })
  })

  it('[TOK-1] is RS256 unless another algorithm is asked for', () => {
    expect(keySets.RS256.signer().alg).toBe('RS256')
  })

  it('[TOK-1] says who made it for whom, the session, and for how long', async () => {
    const { tokens } = kit({ clock })
    const session = await signIn(tokens)
    const { payload } = opened(session.accessToken)
    const iat = clock.now() / 1000
    expect(payload).toEqual({
      iss: ISSUER,
      aud: AUDIENCE,
      sub: 'ana',
      iat,
      exp: iat + 15 * 60,
      jti: expect.stringMatching(/^[\w-]{22}$/) as string,
      sid: session.sid,
      gen: 0,
      epo: 0,
      cep: 0,
      auth_time: iat,
      username: 'user ana',
    })
    expect(session.expiresAt).toBe((iat + 900) * 1000)
  })

  it('[TOK-1] has an id of its own each time', async () => {
    const { tokens } = kit({ clock })
    const session = await signIn(tokens)
    const again = await renew(tokens, session)
    expect(opened(again.accessToken).payload['jti']).not.toBe(opened(session.accessToken).payload['jti'])
  })

  it.each(algorithms)('[TOK-1] of %s is accepted by jose, which knows only our JWKS', async (alg) => {
    const { tokens } = kit({ clock, keys: keySets[alg] })
    const { accessToken } = await signIn(tokens)
    const jwks = createLocalJWKSet(JSON.parse(tokens.jwks().body) as JSONWebKeySet)
    const { payload } = await jwtVerify(accessToken, jwks, {
      issuer: ISSUER,
      audience: AUDIENCE,
      typ: 'at+jwt',
      algorithms: [alg],
      currentDate: new Date(clock.now()),
    })
    expect(payload.sub).toBe('ana')
    expect(verified(tokens, { accessToken }).principal.id).toBe('ana')
  })

  it('[TOK-1] [TOK-7] is HS256 with a ring of secrets, and accepted by jose with the same bytes', async () => {
    const secret = generateSecret()
    const { tokens } = kit({ clock, keys: hmacKeys(secretRing({ current: secret })) })
    const { accessToken } = await signIn(tokens)
    expect(opened(accessToken).header).toEqual({ alg: 'HS256', kid: secret.kid, typ: 'at+jwt' })
    const options = { issuer: ISSUER, audience: AUDIENCE, typ: 'at+jwt', currentDate: new Date(clock.now()) }
    expect((await jwtVerify(accessToken, secret.bytes(), options)).payload['username']).toBe('user ana')
    expect(verified(tokens, { accessToken }).principal.id).toBe('ana')
  })

  it('[TOK-1] lives as long as access.ttl says', async () => {
    const { tokens } = kit({ clock, access: { ttl: '5m' } })
    const session = await signIn(tokens)
    expect(session.expiresAt).toBe(clock.now() + 300_000)
  })

  it('[TOK-1] [TOK-2] never outlives the absolute end of its session', async () => {
    const { tokens, clock: own } = kit({ refresh: { idle: '1h', absolute: '1h' } })
    const session = await signIn(tokens)
    const end = own.now() + 3_600_000
    own.advance('50m')
    const late = await renew(tokens, session)
    expect(late.expiresAt).toBe(end)
    own.advance('9m')
    const last = await renew(tokens, late)
    expect([last.expiresAt, last.refreshExpiresAt]).toEqual([end, end])
    own.advance('66s')
    expect(tokens.verifyNow(last.accessToken)).toMatchObject({ ok: false, code: 'expired' })
  })
})

describe('typed claims', () => {
  interface Account {
    readonly accountId: number
    readonly username: string
    readonly roleId: number
  }
  const accountSchema: StandardSchema<Account> = {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: (value) =>
        typeof (value as Partial<Account>).roleId === 'number'
          ? { value: value as Account }
          : { issues: [{ message: 'roleId' }] },
    },
  }

  it('[TOK-1] come back as they were put in, with the type of the schema', async () => {
    const tokens = createTokenService({
      issuer: ISSUER,
      audience: AUDIENCE,
      keys: keySets.EdDSA,
      secrets: secretRing({ current: generateSecret() }),
      store: memoryStore({ now: clock.now }),
      claims: () => ({ accountId: 7, username: 'ana', roleId: 2 }),
      claimsSchema: accountSchema,
      now: clock.now,
    })
    const issued = await tokens.issue({ sub: '7' })
    const result = issued.ok && tokens.verifyNow(issued.accessToken)
    const claims: Account | false = result && result.ok && result.principal.claims
    expect(claims).toEqual({ accountId: 7, username: 'ana', roleId: 2 })
  })

  it('[TOK-1] roles and tenant also become the principal’s, with session and time of sign-in', async () => {
    const { tokens } = kit({ clock, claims: () => ({ username: 'ana', roles: ['editor'], tenant: 'acme' }) })
    const issued = await tokens.issue({ sub: 'ana', authTime: clock.now() - 60_000 })
    const result = issued.ok && tokens.verifyNow(issued.accessToken)
    expect(result && result.ok && result.principal).toEqual({
      id: 'ana',
      roles: ['editor'],
      tenant: 'acme',
      sid: issued.ok && issued.sid,
      authTime: clock.now() - 60_000,
      claims: { username: 'ana', roles: ['editor'], tenant: 'acme' },
    })
  })

  it('[TOK-1] what a verified token says cannot be changed for the next request with it', async () => {
    const { tokens } = kit({ clock, claims: () => ({ username: 'ana', roles: ['user'], nested: { list: [{ a: 1 }] } }) })
    const session = await signIn(tokens)
    const first = verified(tokens, session)
    const { roles, claims } = first.principal as unknown as {
      roles: string[]
      claims: { roles: string[]; nested: { list: { a: number }[] } }
    }
    expect(() => roles.push('admin')).toThrow(TypeError)
    expect(() => claims.roles.push('admin')).toThrow(TypeError)
    expect(() => ((claims.nested.list[0] as { a: number }).a = 2)).toThrow(TypeError)
    expect(() => Object.assign(first.principal, { id: 'ada' })).toThrow(TypeError)
    expect(() => Object.assign(first, { sid: 'x' })).toThrow(TypeError)
    const second = verified(tokens, session)
    expect(second).toBe(first)
    expect(second.principal.roles).toEqual(['user'])
  })
})
