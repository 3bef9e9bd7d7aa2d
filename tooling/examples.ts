// Compiles every @example of packages/*/src: each is written beside its package, so that imports resolve as they do there.
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { packages, run } from './workspace.ts'

const CONFIG = '.examples.tsconfig.json'
const files: string[] = []
try {
  for (const { dir } of packages) {
    const out = join(dir, '.examples')
    rmSync(out, { recursive: true, force: true })
    mkdirSync(out)
    for (const source of globSync(`${dir}/src/**/*.ts`)) {
      for (const [line, code] of examplesOf(readFileSync(source, 'utf8'))) {
        const file = join(out, `${basename(source, '.ts')}-${line}.ts`)
        writeFileSync(file, `${code}\nexport {}\n`)
        files.push(file)
      }
    }
  }
  writeFileSync(CONFIG, JSON.stringify({ extends: './tsconfig.base.json', files }))
  await run('tsc', ['-p', CONFIG])
  console.log(`${files.length} examples compile`)
} finally {
  rmSync(CONFIG, { force: true })
  for (const { dir } of packages) rmSync(join(dir, '.examples'), { recursive: true, force: true })
}

/** The fenced examples of a file, each with the line that it begins on. */
function* examplesOf(text: string): Generator<[number, string]> {
  for (const doc of text.matchAll(/\/\*\*[\s\S]*?\*\//g)) {
    const from = doc[0].indexOf('@example')
    if (from < 0) continue
    for (const fence of doc[0].slice(from).matchAll(/```ts\n([\s\S]*?)```/g)) {
      const line = text.slice(0, doc.index + from + fence.index).split('\n').length
      yield [line, (fence[1] ?? '').replace(/^ *\* ?/gm, '')]
    }
  }
}
