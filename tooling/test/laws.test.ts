import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

/** Imports that break a law, each in a file of a tree that exists only here: from, to, and the laws that say no. */
const BROKEN: ReadonlyArray<readonly [from: string, to: string, ...laws: string[]]> = [
  ['packages/core/src/a.ts', 'packages/http/src/index.ts', 'core-is-a-leaf'],
  ['packages/core/src/b.ts', 'jose', 'core-is-a-leaf', 'imports-are-declared'],
  ['packages/http/src/a.ts', 'packages/tokens/src/index.ts', 'http-imports-core-only'],
  ['packages/http/src/b.ts', 'express', 'frameworks-only-in-adapters', 'http-imports-core-only', 'imports-are-declared'],
  ['packages/redis/src/a.ts', 'packages/http/src/index.ts', 'redis-imports-core-only'],
  ['packages/express/src/a.ts', 'packages/tokens/src/index.ts', 'adapters-import-core-and-http'],
  ['packages/express/src/b.ts', 'fastify', 'adapters-import-their-framework', 'imports-are-declared'],
  ['packages/koa/src/lib/a.ts', '@koa/bodyparser', 'koa-parser-behind-its-entry'],
  ['packages/koa/src/lib/b.ts', 'packages/koa/src/lib/json-body.ts', 'koa-body-is-an-entry'],
  ['packages/tokens/src/a.ts', 'packages/http/src/index.ts', 'domains-import-core-only'],
  ['packages/tokens/src/lib/b.ts', 'packages/rbac/src/index.ts', 'domains-import-core-only'],
  ['packages/tokens/src/lib/c.ts', 'node:http', 'domains-import-core-only'],
  ['packages/tokens/src/lib/d.ts', 'packages/tokens/src/lib/http/ok.ts', 'domains-do-not-know-their-edges'],
  ['packages/tokens/src/lib/http/a.ts', 'packages/rbac/src/index.ts', 'http-edges-import-http'],
  ['packages/tokens/src/lib/redis/a.ts', 'packages/http/src/index.ts', 'redis-edges-import-redis'],
  ['packages/tokens/src/lib/browser/a.ts', 'packages/tokens/src/lib/e.ts', 'browser-imports-nothing'],
  ['packages/tokens/src/lib/postgres/a.ts', 'packages/redis/src/index.ts', 'postgres-edges-import-core'],
  ['packages/tokens/src/lib/e.ts', 'packages/testkit/src/index.ts', 'domains-import-core-only', 'testkit-is-for-tests'],
  ['packages/tokens/src/lib/f.ts', 'nowhere', 'imports-resolve'],
  ['packages/tokens/src/lib/g.ts', 'packages/tokens/src/lib/g.ts', 'no-cycles'],
  ['packages/tokens/test/a.ts', 'packages/core/src/lib/private.ts', 'lib-is-private-to-its-package'],
  ['bench/a.ts', 'packages/core/src/lib/private.ts', 'lib-is-private'],
]

const KEPT: ReadonlyArray<readonly [from: string, to: string]> = [
  ['packages/core/src/ok.ts', 'node:crypto'],
  ['packages/http/src/ok.ts', 'packages/core/src/index.ts'],
  ['packages/express/src/ok.ts', 'express'],
  ['packages/express/src/ok2.ts', 'packages/http/src/index.ts'],
  ['packages/koa/src/lib/json-body.ts', '@koa/bodyparser'],
  ['packages/koa/src/body.ts', 'packages/koa/src/lib/json-body.ts'],
  ['packages/tokens/src/ok.ts', 'packages/core/src/index.ts'],
  ['packages/tokens/src/http.ts', 'packages/tokens/src/lib/http/ok.ts'],
  ['packages/tokens/src/lib/http/ok.ts', 'packages/http/src/index.ts'],
  ['packages/tokens/src/lib/redis/ok.ts', 'packages/redis/src/index.ts'],
  ['packages/tokens/test/ok.ts', 'packages/tokens/src/lib/http/ok.ts'],
  ['packages/tokens/test/ok2.ts', 'packages/testkit/src/index.ts'],
  ['bench/ok.ts', 'packages/core/src/index.ts'],
]

const PEERS: Readonly<Record<string, object>> = { express: { express: '*' }, koa: { '@koa/bodyparser': '*' } }

const dir = mkdtempSync(join(tmpdir(), 'laws-'))
const found = new Map<string, string[]>()

describe('the laws of imports', () => {
  beforeAll(async () => {
    for (const name of ['core', 'http', 'redis', 'tokens', 'rbac', 'testkit', 'express', 'koa']) {
      write(`packages/${name}/package.json`, JSON.stringify({ name, peerDependencies: PEERS[name] ?? {} }))
      write(`packages/${name}/src/index.ts`, 'export const x = 1')
    }
    write('packages/core/src/lib/private.ts', 'export const x = 1')
    for (const name of ['express', 'fastify', 'jose', '@koa/bodyparser']) {
      write(`node_modules/${name}/package.json`, JSON.stringify({ name, main: 'dist/index.js' }))
      write(`node_modules/${name}/dist/index.js`, 'exports.x = 1')
    }
    write('tsconfig.json', '{}')
    for (const [from, to] of [...BROKEN, ...KEPT]) {
      const specifier = to.startsWith('packages/') ? `./${relative(dirname(from), to)}` : to
      write(from, `import * as m from '${specifier}'\nexport { m }`)
    }
    const bin = resolve('node_modules/dependency-cruiser/bin/dependency-cruiser.mjs')
    const args = [bin, '--config', resolve('.dependency-cruiser.mjs'), '--output-type', 'json', 'packages', 'bench']
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: dir, timeout: 60_000, maxBuffer: 1e8 })
    const { summary } = JSON.parse(stdout) as { summary: { violations: { from: string; rule: { name: string } }[] } }
    for (const { from, rule } of summary.violations) found.set(from, [...(found.get(from) ?? []), rule.name].sort())
  }, 60_000)
  afterAll(() => rmSync(dir, { recursive: true }))

  it.each(BROKEN)('%s may not import %s: %s', (from, _to, ...laws) => {
    expect(found.get(from)).toEqual(laws)
  })

  it.each(KEPT)('%s may import %s', (from) => {
    expect(found.get(from)).toBeUndefined()
  })
})

function write(file: string, text: string): void {
  mkdirSync(join(dir, dirname(file)), { recursive: true })
  writeFileSync(join(dir, file), text)
}
