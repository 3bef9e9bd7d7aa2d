// Runs every `check:` script of package.json, a line each; goes on after a failure and shows what the check said.
// Exits 1 if any failed.
import { readFileSync } from 'node:fs'
import { run } from './workspace.ts'

const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> }
const checks = Object.entries(scripts).filter(([name]) => name.startsWith('check:'))

let failed = 0
for (const [name, script] of checks) {
  const start = performance.now()
  const said = await run('sh', ['-c', script]).catch((error: Error) => error)
  const time = `${((performance.now() - start) / 1000).toFixed(1)} s`.padStart(7)
  const broken = said instanceof Error
  if (broken) failed++
  const summary = broken ? '' : said.trim().split('\n').at(-1)
  console.log(`${broken ? 'FAILED' : 'ok    '} ${name.slice('check:'.length).padEnd(9)}${time}  ${summary}`.trimEnd())
  if (broken) console.log(said.message.replace(/^/gm, '    '))
}
console.log(`${checks.length - failed} checks passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
