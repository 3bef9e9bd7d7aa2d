// The laws that neither the compiler nor the linter nor the graph of imports can see: a line each, over the published code.
import { globSync, readFileSync } from 'node:fs'

const LAWS: ReadonlyArray<readonly [broken: RegExp, law: string]> = [
  [/^export \*/, 'an entry lists what it exports'],
  [/^(?:export )?(?:let|var) /, 'no global state: two instances in one process do not meet'],
  [/\bglobalThis\.\w+ = /, 'no global state: two instances in one process do not meet'],
  [/\bDate\.now\(\)|\bnew Date\(\)/, 'whatever has time takes `now`: tests move it by hand'],
  [/\bMath\.random\(/, 'randomness comes from node:crypto'],
  [
    /\bconsole\.(?!error)/,
    'a library does not print, unless it is an error that nobody takes: it emits events and coded warnings',
  ],
]

const files = globSync('packages/*/src/**/*.ts')
for (const file of files) {
  const code = readFileSync(file, 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, (comment) => comment.replace(/[^\n]/g, ''))
  for (const [index, line] of code.split('\n').entries()) {
    for (const [broken, law] of LAWS) {
      if (!broken.test(line)) continue
      console.error(`${file}:${index + 1}: ${law}\n    ${line.trim()}`)
      process.exitCode = 1
    }
  }
  const lines = code.split('\n').length
  if (lines > 300) {
    console.error(`${file}: ${lines} lines; two names would say more than one`)
    process.exitCode = 1
  }
}
if (process.exitCode !== 1) console.log(`${files.length} files keep ${LAWS.length + 1} laws`)
