// Builds what users get: the JavaScript with tsup, the declarations with tsc (tsup's turn `export type { SomeClass }` into
// the export of a value that is not there).
import { rmSync } from 'node:fs'
import { build } from 'tsup'
import { packages, run } from './workspace.ts'

for (const { dir, manifest } of packages) {
  rmSync(`${dir}/dist`, { recursive: true, force: true })
  await build({
    config: false,
    silent: true,
    entry: Object.values(manifest.exports).map((source) => `${dir}/${source}`),
    outDir: `${dir}/dist`,
    format: 'esm',
    target: 'node22',
    splitting: true, // entries share one copy of a class, or `instanceof` fails between them
    skipNodeModulesBundle: true,
  })
}
await run('tsc', ['-b', ...packages.map(({ dir }) => `${dir}/tsconfig.build.json`)])
console.log(`${packages.length} packages built`)
