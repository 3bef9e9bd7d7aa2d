import { afterAll, beforeAll, expect, test } from 'vitest'
import { start, type Started } from './start.ts'

let app: Started
beforeAll(async () => {
  app = await start()
})
afterAll(() => app.close())

const REFUSED = { status: 401, body: { code: 'invalid_refresh_token' } }
const DEAD = { status: 401, body: { code: 'invalid_token' } }

test('[TOK-12] the cookie is set and removed with the same attributes', async () => {
  const client = app.client()
  const login = await client.send('POST /auth/login', { username: 'ana', password: 'Correct-Horse-9!' })
  expect(login.headers.getSetCookie()).toEqual([
    `refresh=${client.refreshToken}; Path=/; Max-Age=604800; HttpOnly; SameSite=Strict`,
  ])
  const logout = await client.send('POST /auth/logout')
  expect([logout.status, logout.headers.getSetCookie()]).toEqual([
    204,
    ['refresh=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict'],
  ])
})

test('[TOK-2] there is at most one new refresh token in 30 s', async () => {
  const client = await app.loggedIn('ana')
  const first = client.refreshToken
  app.clock.advance(29_999)
  expect((await client.send('POST /auth/refresh')).headers.getSetCookie()).toEqual([])
  app.clock.advance(1)
  const { status, body } = await client.send('POST /auth/refresh')
  expect([status, body]).toEqual([200, { accessToken: client.accessToken, tokenType: 'Bearer', expiresIn: 900 }])
  expect(client.refreshToken).not.toBe(first)
})

test('[TOK-3] ten refreshes at once get the same successor', async () => {
  const client = await app.loggedIn('ana')
  app.clock.advance('31s')
  const tabs = Array.from({ length: 10 }, () => client.copy())
  const answers = await Promise.all(tabs.map((tab) => tab.send('POST /auth/refresh')))
  expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 200))
  expect(new Set(tabs.map((tab) => tab.refreshToken)).size).toBe(1)
  expect(tabs[0]?.refreshToken).not.toBe(client.refreshToken)
})

test('[TOK-3] a used refresh token ends the session for thief and owner, and is reported', async () => {
  const owner = await app.loggedIn('ana')
  const thief = owner.copy('thief')
  app.clock.advance('31s')
  await owner.send('POST /auth/refresh')
  await owner.send('POST /auth/confirm')
  app.clock.advance('31s')
  expect(await thief.send('POST /auth/refresh')).toMatchObject(REFUSED)
  expect(app.events.at(-1)).toMatchObject({ name: 'authn_token_reuse', severity: 'critical', client: { userAgent: 'thief' } })
  expect(await owner.send('GET /me')).toMatchObject(DEAD)
  expect(await owner.send('POST /auth/refresh')).toMatchObject(REFUSED)
})

test('a refused refresh leaves the cookie alone', async () => {
  const client = await app.loggedIn('ana')
  await client.copy().send('POST /auth/logout')
  const answer = await client.send('POST /auth/refresh')
  expect([answer.status, answer.headers.getSetCookie()]).toEqual([401, []])
})

test('logging in again ends the session of the cookie that is still there', async () => {
  const client = await app.loggedIn('ana')
  const earlier = client.copy()
  await client.send('POST /auth/login', { username: 'ana', password: 'Correct-Horse-9!' })
  expect(await earlier.send('POST /auth/refresh')).toMatchObject(REFUSED)
  expect(await client.send('GET /me')).toMatchObject({ status: 200 })
})

test('[TOK-9] people see their sessions and end one of them', async () => {
  const laptop = await app.loggedIn('ben', 'laptop')
  const createdAt = new Date(app.clock.now()).toISOString()
  app.clock.advance('31s')
  const phone = await app.loggedIn('ben', 'phone')
  const lastUsedAt = new Date(app.clock.now()).toISOString()
  await laptop.send('POST /auth/refresh')

  const { status, body } = await laptop.send('GET /auth/sessions')
  const id = expect.stringMatching(/^[\w-]{22}$/)
  const own = { id, device: 'laptop', ip: '127.0.0.1', createdAt, lastUsedAt, current: true }
  const other = { ...own, device: 'phone', createdAt: lastUsedAt, current: false }
  expect([status, body]).toEqual([200, { sessions: [own, other] }])

  const sessions = body['sessions'] as readonly { readonly id: string }[]
  expect(await laptop.send(`DELETE /auth/sessions/${sessions[1]?.id}`)).toMatchObject({ status: 204 })
  expect(await phone.send('GET /me')).toMatchObject(DEAD)
  expect(await phone.send('POST /auth/refresh')).toMatchObject(REFUSED)
  expect(await laptop.send('GET /me')).toMatchObject({ status: 200 })
})

test("[TOK-9] somebody else's session cannot be ended", async () => {
  const mia = await app.loggedIn('mia')
  const { body } = await mia.send('GET /auth/sessions')
  const [session] = body['sessions'] as readonly { readonly id: string }[]
  const ana = await app.loggedIn('ana')
  expect(await ana.send(`DELETE /auth/sessions/${session?.id}`)).toMatchObject({ status: 404, body: { code: 'not_found' } })
  expect(await mia.send('GET /me')).toMatchObject({ status: 200 })
})

test('[TOK-9] logging out everywhere ends every session and every access token', async () => {
  const devices = [await app.loggedIn('ben', 'laptop'), await app.loggedIn('ben', 'phone')]
  const [laptop] = devices
  const bye = await laptop?.copy().send('POST /auth/logout-all')
  expect([bye?.status, bye?.headers.getSetCookie()]).toEqual([204, ['refresh=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict']])
  for (const device of devices) {
    expect(await device.send('GET /me')).toMatchObject(DEAD)
    expect(await device.send('POST /auth/refresh')).toMatchObject(REFUSED)
  }
  const again = await app.loggedIn('ben')
  expect(await again.send('GET /me')).toMatchObject({ status: 200 })
})

test('an access token ends with its 15 minutes', async () => {
  const client = await app.loggedIn('ana')
  app.clock.advance('16m')
  expect(await client.send('GET /me')).toMatchObject(DEAD)
  expect(await client.send('POST /auth/refresh')).toMatchObject({ status: 200 })
  expect(await client.send('GET /me')).toMatchObject({ status: 200 })
})

test.each(['cross-site', 'same-site'])('a browser that says %s may not refresh', async (site) => {
  const client = await app.loggedIn('ana')
  const headers = { 'sec-fetch-site': site, cookie: `refresh=${client.refreshToken}` }
  const answer = await fetch(`${app.origin}/auth/refresh`, { method: 'POST', headers })
  expect([answer.status, await answer.json()]).toMatchObject([403, { code: 'cross_site_request' }])
})
