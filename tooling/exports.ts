// What a package exports is what it has: each `src/*.ts` is an entry, each entry is a `src/*.ts`, and users get the same entries
// out of `dist` (`publishConfig.exports`), which `tooling/build.ts` makes from the same list.
import { globSync } from 'node:fs'
import { basename, join } from 'node:path'
import { packages } from './workspace.ts'

const wrong: string[] = []
for (const { dir, manifest } of packages) {
  const entries = globSync(join(dir, 'src/*.ts')).map((file) => basename(file, '.ts'))
  const here = Object.fromEntries(entries.map((entry) => [pathOf(entry), `./src/${entry}.ts`]))
  const there = Object.fromEntries(
    entries.map((entry) => [pathOf(entry), { types: `./dist/${entry}.d.ts`, default: `./dist/${entry}.js` }]),
  )
  compare(`${dir}: exports`, manifest.exports, here)
  compare(`${dir}: publishConfig.exports`, manifest.publishConfig.exports, { ...there, './package.json': './package.json' })
}
for (const line of wrong) console.error(line)
if (wrong.length > 0) process.exitCode = 1
else console.log(`${packages.length} packages export what they have`)

function pathOf(entry: string): string {
  return entry === 'index' ? '.' : `./${entry}`
}

function compare(what: string, has: Readonly<Record<string, unknown>>, wants: Readonly<Record<string, unknown>>): void {
  for (const path of new Set([...Object.keys(has), ...Object.keys(wants)])) {
    if (!(path in has)) wrong.push(`${what} lacks ${path}`)
    else if (!(path in wants)) wrong.push(`${what} has ${path}, of which there is no file`)
    else if (JSON.stringify(has[path]) !== JSON.stringify(wants[path])) wrong.push(`${what} has another ${path} than expected`)
  }
}
