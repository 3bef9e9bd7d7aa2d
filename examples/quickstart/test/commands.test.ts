import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { createInterface } from 'node:readline'
import { expect, test } from 'vitest'

const folder = join(import.meta.dirname, '..')

/** Without Node's own warnings: some versions still call TypeScript experimental. */
function run(file: string, args: readonly string[], env: Readonly<Record<string, string | undefined>>) {
  return spawn(process.execPath, [join(folder, file), ...args], {
    env: { ...process.env, NODE_NO_WARNINGS: '1', ...env },
    stdio: 'pipe',
    timeout: 20_000,
  })
}

test('[POOL-4] the first line that the server prints is where it listens, and SIGTERM ends it', async () => {
  const server = run('src/server.ts', [], { PORT: '0', SEED: '1', GRACE: '10s' })
  const exit = once(server, 'exit')
  const [line] = (await once(createInterface(server.stdout), 'line')) as [string]
  expect(line).toMatch(/^listening on http:\/\/127\.0\.0\.1:\d+$/)
  const health = await fetch(`${line.replace('listening on ', '')}/healthz`)
  expect(await health.json()).toEqual({ status: 'ok' })
  const ready = await fetch(`${line.replace('listening on ', '')}/readyz`)
  expect([ready.status, await ready.json()]).toEqual([200, { status: 'ok', checks: {} }])
  server.kill('SIGTERM')
  expect((await exit)[0]).toBe(0)
})

const NO_URL = 'REDIS_URL: required by STORE=redis, such as redis://127.0.0.1:6379\n'

test.each([
  ['src/server.ts', [], { STORE: 'mongo' }, 'STORE: expected memory or redis\n'],
  ['src/server.ts', [], { STORE: 'redis', REDIS_URL: undefined }, NO_URL],
  ['src/server.ts', [], { INSTANCES: '2' }, 'INSTANCES: several processes share no memory; set STORE=redis\n'],
  ['src/server.ts', [], { PORT: 'http' }, 'PORT: expected a number from 0 to 65535; 0 picks a free one\n'],
  ['src/server.ts', [], { GRACE: '1h' }, 'createTokenService: refresh.grace: expected 1s to 10m\n'],
  ['demo.ts', ['--store', 'redis'], { REDIS_URL: undefined }, `demo: ${NO_URL}`],
  ['demo.ts', ['--store', 'mongo'], {}, 'demo: STORE: expected memory or redis\n'],
])('%s %j %j stops with one line', async (file, args, env, expected) => {
  const child = run(file, args, env)
  const exit = once(child, 'exit')
  expect(await text(child.stderr)).toBe(expected)
  expect((await exit)[0]).toBe(1)
})
