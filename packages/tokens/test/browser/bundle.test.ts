import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { bundle } from './bundle.ts'

const root = join(import.meta.dirname, '../../../..')

it('[TOK-15] what browsers load is at most 2 KB', async () => {
  const { code } = await bundle()
  expect(gzipSync(code, { level: 9 }).length).toBeLessThanOrEqual(2048)
})

it('[TOK-15] it is made of its own files alone, and runs under a strict Content-Security-Policy', async () => {
  const { code, inputs } = await bundle()
  expect(inputs.filter((file) => !/^packages\/tokens\/src\/(browser\.ts|lib\/browser\/)/.test(file))).toEqual([])
  expect(code).not.toMatch(
    /\beval\b|\bFunction\(|\bimport\b|\brequire\b|process\.|\bBuffer\b|localStorage|sessionStorage|document\.cookie/,
  )
})

it('[TOK-15] it compiles with the types of browsers, and without those of Node', { timeout: 60_000 }, async () => {
  const tsc = join(root, 'node_modules/.bin/tsc')
  const { stdout } = await promisify(execFile)(tsc, ['-p', 'packages/tokens/tsconfig.browser.json'], { cwd: root })
  expect(stdout).toBe('')
})
