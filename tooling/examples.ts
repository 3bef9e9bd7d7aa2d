// Compiles every example that users read: each @example of packages/*/src, and each fence of ts in a README or a guide. All are
// written beside a package, so that third parties resolve as they do there; Wardstone's own packages resolve from everywhere.
// A fence that is labelled with a file's name (ts [auth.ts]) gets that name, and the other fences of its page can import it.
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { entryPaths, packages, run } from './workspace.ts'

interface Example {
  /** The label of the fence, or the line that it begins on. */
  readonly name: string
  readonly code: string
}

const CONFIG = '.examples.tsconfig.json'
const FENCE = /```ts(?: \[(\w+)\.ts\])?\n([\s\S]*?)```/g
const places = [...packages.map(({ dir }) => dir), 'examples/quickstart', 'docs']
const files: string[] = []
try {
  for (const place of places) {
    rmSync(join(place, '.examples'), { recursive: true, force: true })
    mkdirSync(join(place, '.examples'))
    for (const source of globSync(`${place}/src/**/*.ts`)) compile(place, source, examplesOf(readFileSync(source, 'utf8')))
    const readme = join(place, 'README.md')
    if (existsSync(readme)) compile(place, readme, fencesOf(readFileSync(readme, 'utf8')))
  }
  for (const guide of globSync('docs/guide/*.md')) compile('docs', guide, fencesOf(readFileSync(guide, 'utf8')))
  compile('examples/quickstart', 'ROOT.md', fencesOf(readFileSync('README.md', 'utf8')))
  writeFileSync(CONFIG, JSON.stringify({ extends: './tsconfig.base.json', compilerOptions: { paths: entryPaths() }, files }))
  await run('tsc', ['-p', CONFIG])
  console.log(`${files.length} examples compile`)
} finally {
  rmSync(CONFIG, { force: true })
  for (const place of places) rmSync(join(place, '.examples'), { recursive: true, force: true })
}

function compile(place: string, source: string, examples: Iterable<Example>): void {
  for (const { name, code } of examples) {
    const file = join(place, '.examples', basename(source).replace(/\.\w+$/, ''), `${name}.ts`)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, `${code}\nexport {}\n`)
    files.push(file)
  }
}

/** The fenced examples in the doc comments of a file. */
function* examplesOf(text: string): Generator<Example> {
  for (const doc of text.matchAll(/\/\*\*[\s\S]*?\*\//g)) {
    const from = doc[0].indexOf('@example')
    if (from < 0) continue
    for (const { name, code } of fencesOf(doc[0].slice(from), lineAt(text, doc.index + from))) {
      yield { name, code: code.replace(/^ *\* ?/gm, '') }
    }
  }
}

function* fencesOf(text: string, firstLine = 1): Generator<Example> {
  for (const { 1: label, 2: code = '', index } of text.matchAll(FENCE)) {
    yield { name: label ?? String(firstLine + lineAt(text, index) - 1), code }
  }
}

function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length
}
