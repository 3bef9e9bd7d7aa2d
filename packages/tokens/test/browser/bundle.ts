import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'tsup'

const root = join(import.meta.dirname, '../../../..')

/** What an application's bundler makes of `@wardstone/tokens/browser`, and of which files. */
export async function bundle(): Promise<{ readonly code: string; readonly inputs: readonly string[] }> {
  const outDir = await mkdtemp(join(tmpdir(), 'bundle-'))
  try {
    await build({
      config: false,
      silent: true,
      entry: { browser: join(root, 'packages/tokens/src/browser.ts') },
      outDir,
      format: 'esm',
      platform: 'browser',
      target: 'es2022',
      minify: true,
      metafile: true,
    })
    const meta = JSON.parse(await readFile(join(outDir, 'metafile-esm.json'), 'utf8')) as { readonly inputs: object }
    return { code: await readFile(join(outDir, 'browser.js'), 'utf8'), inputs: Object.keys(meta.inputs) }
  } finally {
    await rm(outDir, { recursive: true })
  }
}
