import { afterAll, beforeAll, expect, test } from 'vitest'
import { decode } from '../demo/jwt.ts'
import { SEED_PASSWORD } from '../src/seed.ts'
import { start, type Started } from './start.ts'

let app: Started
beforeAll(async () => {
  app = await start()
})
afterAll(() => app.close())

const ZOE = { username: 'zoe', email: 'Zoe@Example.com', password: 'Plum-Tree-41-North', firstName: 'Zoe' }

test('whoever signs up gets an ordinary account, and logs in with the username or the email', async () => {
  const client = app.client()
  const signUp = await client.send('POST /auth/signup', ZOE)
  const account = { id: expect.any(String), username: 'zoe', email: 'Zoe@Example.com', firstName: 'Zoe', roleId: 1 }
  expect([signUp.status, signUp.body]).toEqual([201, { account }])
  expect(client.refreshToken).toBeUndefined()
  for (const username of ['Zoe', 'zoe@example.com']) {
    const login = await client.send('POST /auth/login', { username, password: ZOE.password })
    expect([login.status, login.body]).toEqual([
      200,
      { accessToken: client.accessToken, tokenType: 'Bearer', expiresIn: 900, account },
    ])
  }
  const me = await client.send('GET /me')
  expect([me.status, me.body]).toEqual([200, { ...account, roles: ['user'] }])
})

test.each([
  ['a username', { username: 'ANA', email: 'somebody@example.com' }],
  ['an email', { username: 'somebody', email: 'Ana@example.com' }],
])('%s that is taken is a 409, whatever its case', async (_, login) => {
  const answer = await app.client().send('POST /auth/signup', { ...login, password: ZOE.password })
  expect([answer.status, answer.body['code']]).toEqual([409, 'account_exists'])
})

test('of two who want the same name at once, one gets it', async () => {
  const wanted = [1, 2].map((n) => ({ username: 'twin', email: `twin${n}@example.com`, password: ZOE.password }))
  const answers = await Promise.all(wanted.map((body) => app.client().send('POST /auth/signup', body)))
  expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 409])
})

test('[PASS-1] passwords are kept as Argon2id with 64 MiB, three passes, four lanes and a tag of 32 bytes', () => {
  expect(app.accounts.findByLogin('ana')?.passwordHash).toMatch(/^\$argon2id\$v=19\$m=65536,t=3,p=4\$[\w+/]{22}\$[\w+/]{43}$/)
})

test('[PASS-3] a wrong password and an unknown name get the same answer', async () => {
  const bodies = []
  for (const username of ['ana', 'nobody']) {
    const { status, body } = await app.client().send('POST /auth/login', { username, password: 'Correct-Horse-9?' })
    bodies.push({ status, body: { ...body, requestId: undefined } })
  }
  expect(bodies[0]).toMatchObject({ status: 401, body: { code: 'invalid_credentials' } })
  expect(bodies[1]).toEqual(bodies[0])
})

test('[TOK-1] the access token carries the custom claims', async () => {
  const client = await app.loggedIn('mia')
  const [header = '', payload = ''] = (client.accessToken ?? '').split('.')
  expect(decode(header)).toEqual({ alg: 'RS256', typ: 'at+jwt', kid: expect.stringMatching(/^[\w-]{43}$/) })
  const { accountId, username, roleId, roles, sub, iat, exp } = decode(payload)
  expect({ username, roleId, roles, accountId }).toEqual({ username: 'mia', roleId: 3, roles: ['moderator'], accountId: sub })
  expect(Number(exp) - Number(iat)).toBe(900)
})

test('[TOK-4] a changed role takes effect at once, and the session goes on', async () => {
  const ada = await app.loggedIn('ada')
  const ben = await app.loggedIn('ben')
  const { id } = (await ben.send('GET /me')).body
  const changed = await ada.send(`PATCH /accounts/${String(id)}`, { role: 'moderator' })
  expect([changed.status, changed.body]).toEqual([200, { id, username: 'ben', roleId: 3 }])
  expect(await ben.send('GET /me')).toMatchObject({ status: 401, body: { code: 'invalid_token' } })
  expect(await ben.send('POST /auth/refresh')).toMatchObject({ status: 200 })
  expect(await ben.send('GET /me')).toMatchObject({ status: 200, body: { roleId: 3, roles: ['moderator'] } })
  expect(app.events.at(-2)).toMatchObject({ name: 'privilege_permissions_changed', subject: id })
  expect(await ada.send(`PATCH /accounts/${String(id)}`, { role: 1 })).toMatchObject({ status: 200, body: { roleId: 1 } })
})

test('[TOK-6] a rotated key is published first, and signs once every verifier must know it', async () => {
  const ada = await app.loggedIn('ada')
  const rotated = await ada.send('POST /admin/keys/rotate')
  const signsFrom = new Date(app.clock.now() + 305_000).toISOString()
  expect([rotated.status, rotated.body]).toEqual([202, { kid: expect.any(String), signsFrom }])
  const jwks = await ada.send('GET /.well-known/jwks.json')
  const kids = (jwks.body['keys'] as readonly { readonly kid: string }[]).map(({ kid }) => kid)
  expect(kids).toEqual([kidOf(ada.accessToken), rotated.body['kid']])

  const before = await app.loggedIn('ana')
  app.clock.advance('305s')
  const after = await app.loggedIn('ana')
  expect([kidOf(before.accessToken), kidOf(after.accessToken)]).toEqual(kids)
  for (const client of [before, after]) expect(await client.send('GET /me')).toMatchObject({ status: 200 })
})

test.each([
  ['PATCH /accounts/1', { role: 'admin' }],
  ['POST /admin/keys/rotate', undefined],
])('%s is for admins', async (request, body) => {
  expect(await app.client().send(request, body)).toMatchObject({ status: 401, body: { code: 'authentication_required' } })
  for (const username of ['ana', 'mia']) {
    const client = await app.loggedIn(username)
    expect(await client.send(request, body)).toMatchObject({ status: 403, body: { code: 'forbidden' } })
  }
})

test('an account that does not exist cannot be changed', async () => {
  const ada = await app.loggedIn('ada')
  expect(await ada.send('PATCH /accounts/1', { role: 'admin' })).toMatchObject({ status: 404, body: { code: 'not_found' } })
})

test.each([{ role: 'root' }, { role: 4 }, { role: null }, { role: 'toString' }])('%j is no role', async (body) => {
  const ada = await app.loggedIn('ada')
  const answer = await ada.send('PATCH /accounts/1', body)
  expect(answer).toMatchObject({ status: 422, body: { errors: [{ pointer: '/role', code: 'unknown_role' }] } })
})

test('the seed makes two users, a moderator and an admin', () => {
  const roles = ['ana', 'ben', 'mia', 'ada'].map((name) => app.accounts.findByLogin(`${name}@example.com`)?.roleId)
  expect([roles, SEED_PASSWORD]).toEqual([[1, 1, 3, 2], 'Correct-Horse-9!'])
})

function kidOf(token = ''): unknown {
  return decode(token.split('.')[0] ?? '')['kid']
}
