import { spawn, type ChildProcess } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const DOCS = join(import.meta.dirname, '..')
const FOLDER = join(DOCS, '.guide') // inside, so that the frameworks resolve
const running: ChildProcess[] = []

/** Starts a file of the guide as the reader does. */
async function start(file: string): Promise<string> {
  const free = createServer().listen(0, '127.0.0.1')
  await new Promise((done) => free.once('listening', done))
  const { port } = free.address() as AddressInfo
  await new Promise((done) => free.close(done))
  const child = spawn(process.execPath, [file], { cwd: FOLDER, env: { ...process.env, PORT: String(port) }, stdio: 'ignore' })
  running.push(child)
  const url = `http://127.0.0.1:${port}`
  while (child.exitCode === null) {
    const answer = await fetch(`${url}/me`).catch(() => undefined)
    if (answer !== undefined) return url
    await new Promise((done) => setTimeout(done, 50)) // for a process to listen, which no clock of ours makes faster
  }
  throw new Error(`${file} ended with ${child.exitCode}`)
}

describe('the guide "Protect an application", typed in and started', () => {
  beforeAll(() => {
    rmSync(FOLDER, { recursive: true, force: true })
    mkdirSync(FOLDER)
    const page = readFileSync(join(DOCS, 'guide/protect.md'), 'utf8')
    for (const [, name = '', code = ''] of page.matchAll(/```ts \[(\w+\.ts)\]\n([\s\S]*?)```/g))
      writeFileSync(join(FOLDER, name), code)
  })
  afterAll(() => {
    for (const child of running) child.kill()
    rmSync(FOLDER, { recursive: true, force: true })
  })

  it.each(['express.ts', 'fastify.ts', 'koa.ts'])(
    '[HTTP-7] %s signs in, refreshes, tells roles apart and logs out',
    async (file) => {
      const api = await start(file)
      const post = (path: string, headers: Record<string, string>, body?: object): Promise<Response> =>
        fetch(api + path, {
          method: 'POST',
          headers: { ...headers, 'sec-fetch-site': 'same-origin', ...(body && { 'content-type': 'application/json' }) },
          ...(body && { body: JSON.stringify(body) }),
        })
      const signIn = async (username: string, password: string): Promise<{ cookie: string; authorization: string }> => {
        const answer = await post('/auth/login', {}, { username, password })
        const { accessToken } = (await answer.json()) as { accessToken: string }
        return { cookie: answer.headers.getSetCookie()[0]?.split(';')[0] ?? '', authorization: `Bearer ${accessToken}` }
      }
      const codeOf = async (answer: Promise<Response>): Promise<unknown> => {
        const { status, code } = (await (await answer).json()) as { status: number; code: string }
        return [status, code]
      }

      expect(await codeOf(post('/auth/login', {}, { username: 'ana', password: 'wrong' }))).toEqual([401, 'invalid_credentials'])
      expect(await codeOf(post('/auth/login', {}, {}))).toEqual([400, 'malformed_request'])
      const ana = await signIn('ana', 'Correct-Horse-9!')
      const ada = await signIn('ada', 'Plum-Tree-41-North')

      const get = (path: string, { authorization }: { authorization: string }): Promise<Response> =>
        fetch(api + path, { headers: { authorization } })
      expect(await (await get('/me', ana)).json()).toEqual({ username: 'ana', roles: ['user'] })
      expect(await codeOf(get('/admin', ana))).toEqual([403, 'forbidden'])
      expect(await (await get('/admin', ada)).json()).toEqual({ secret: 42 })
      expect(await codeOf(fetch(`${api}/me`))).toEqual([401, 'authentication_required'])
      expect(await codeOf(get('/nowhere', ana))).toEqual([404, 'not_found'])

      const refreshed = (await (await post('/auth/refresh', { cookie: ana.cookie })).json()) as { accessToken: string }
      expect((await get('/me', { authorization: `Bearer ${refreshed.accessToken}` })).status).toBe(200)
      expect((await post('/auth/logout', { cookie: ana.cookie })).status).toBe(204)
      expect(await codeOf(get('/me', ana))).toEqual([401, 'invalid_token'])
      expect(await codeOf(post('/auth/refresh', { cookie: ana.cookie }))).toEqual([401, 'invalid_refresh_token'])
    },
    30_000,
  )
})
