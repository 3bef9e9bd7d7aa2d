import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fakeClock } from '@wardstone/testkit'
import { available, sharedRedis } from '@wardstone/testkit/servers'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { Client } from '../demo/client.ts'
import { createApp } from '../src/app.ts'
import { listen, type Running } from '../src/listen.ts'
import { seed, SEED_PASSWORD } from '../src/seed.ts'
import { openStore } from '../src/stores.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 30_000 })

describe.skipIf(!(await available('redis')))('the quickstart on Redis', () => {
  const clock = fakeClock(Date.now())
  let running: Running
  let url: string

  beforeAll(async () => {
    url = (await sharedRedis()).url
    const sessions = openStore('redis', { url, testClockOffset: () => clock.now() - Date.now() })
    const { app, accounts, lifecycle } = createApp({ now: clock.now, sessions })
    await seed(accounts)
    running = await listen(app, 0, lifecycle)
    lifecycle.started()
  })
  afterAll(() => running?.close())

  async function mia(): Promise<Client> {
    const client = new Client(running.origin, 'test')
    expect((await client.send('POST /auth/login', { username: 'mia', password: SEED_PASSWORD })).status).toBe(200)
    return client
  }

  test('[TOK-13] signs in, refreshes, tells a thief apart and logs out', async () => {
    const client = await mia()
    const first = client.refreshToken
    clock.advance('31s')
    expect((await client.send('POST /auth/refresh')).status).toBe(200)
    expect(client.refreshToken).not.toBe(first)
    expect((await client.send('GET /me')).status).toBe(200)
    expect((await client.send('POST /auth/logout')).status).toBe(204)
    expect((await client.send('GET /me')).status).toBe(401)
  })

  test('[POOL-4] is ready as long as Redis answers', async () => {
    expect((await new Client(running.origin, 'probe').send('GET /readyz')).body).toEqual({
      status: 'ok',
      checks: { sessions: 'up', revocations: 'up' },
    })
  })

  test('[TOK-10] an event stream ends when its session does', async () => {
    const client = await mia()
    const stream = await fetch(`${running.origin}/events`, { headers: { authorization: `Bearer ${client.accessToken}` } })
    const text = stream.text()
    expect((await client.send('POST /auth/logout-all')).status).toBe(204)
    expect(await text).toMatch(/^event: hello\n[^]*event: bye\ndata: \{"why":"session_ended"\}/)
  })

  test('[TOK-10] tells services that only verify what was revoked', async () => {
    const client = await mia()
    const { body: before } = await client.send('GET /.well-known/revocations')
    await client.send('POST /auth/logout')
    const { body: after } = await client.send(`GET /.well-known/revocations?after=${String(before['cursor'])}`)
    expect(after).toMatchObject({ v: 1, complete: true, revocations: [['s', expect.any(String), expect.any(Number)]] })
  })

  test('[TOK-13] the demo tells the truth there, too, and with two processes behind one address', async () => {
    const demo = spawn(process.execPath, [join(import.meta.dirname, '../demo.ts'), '--store', 'redis'], {
      env: { ...process.env, REDIS_URL: url, NODE_NO_WARNINGS: '1' },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let told = ''
    demo.stdout.on('data', (chunk: Buffer) => (told += chunk.toString()))
    expect([(await once(demo, 'exit'))[0], told.split('\n').filter((line) => line.includes('✗'))]).toEqual([0, []])
    expect(told).toContain('12 steps, 12 right')
  })
})
