// Compiles every example that users read: each @example of packages/*/src, and each fence of ts in a README. All are written
// beside a package, so that third parties resolve as they do there; Wardstone's own packages resolve from everywhere.
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { packages, run } from './workspace.ts'

const CONFIG = '.examples.tsconfig.json'
const FENCE = /```ts\n([\s\S]*?)```/g
const places = [...packages.map(({ dir }) => dir), 'examples/quickstart']
const files: string[] = []
try {
  for (const place of places) {
    rmSync(join(place, '.examples'), { recursive: true, force: true })
    mkdirSync(join(place, '.examples'))
    for (const source of globSync(`${place}/src/**/*.ts`)) compile(place, source, examplesOf(readFileSync(source, 'utf8')))
    const readme = join(place, 'README.md')
    if (existsSync(readme)) compile(place, readme, fencesOf(readFileSync(readme, 'utf8')))
  }
  compile('examples/quickstart', 'ROOT.md', fencesOf(readFileSync('README.md', 'utf8')))
  writeFileSync(CONFIG, JSON.stringify({ extends: './tsconfig.base.json', compilerOptions: { paths: paths() }, files }))
  await run('tsc', ['-p', CONFIG])
  console.log(`${files.length} examples compile`)
} finally {
  rmSync(CONFIG, { force: true })
  for (const place of places) rmSync(join(place, '.examples'), { recursive: true, force: true })
}

function compile(place: string, source: string, examples: Iterable<readonly [line: number, code: string]>): void {
  for (const [line, code] of examples) {
    const file = join(place, '.examples', `${basename(source).replace(/\.\w+$/, '')}-${line}.ts`)
    writeFileSync(file, `${code}\nexport {}\n`)
    files.push(file)
  }
}

/** The fenced examples in the doc comments of a file, each with the line that it begins on. */
function* examplesOf(text: string): Generator<[number, string]> {
  for (const doc of text.matchAll(/\/\*\*[\s\S]*?\*\//g)) {
    const from = doc[0].indexOf('@example')
    if (from < 0) continue
    for (const [line, code] of fencesOf(doc[0].slice(from))) {
      yield [lineAt(text, doc.index + from) + line - 1, code.replace(/^ *\* ?/gm, '')]
    }
  }
}

function* fencesOf(text: string): Generator<[number, string]> {
  for (const fence of text.matchAll(FENCE)) yield [lineAt(text, fence.index), fence[1] ?? '']
}

function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length
}

/** Where each entry of a package is, for the compiler. */
function paths(): Record<string, readonly string[]> {
  const entries = packages.flatMap(({ dir, manifest }) =>
    Object.entries(manifest.exports).map(([entry, file]) => [join(manifest.name, entry), [`./${join(dir, file)}`]] as const),
  )
  return Object.fromEntries(entries)
}
