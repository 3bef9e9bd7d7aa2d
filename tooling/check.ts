// Runs every check, a line each; goes on after a failure and shows what the check said. Exits 1 if any failed.
import { run } from './workspace.ts'

const CHECKS: ReadonlyArray<readonly [name: string, command: string, ...args: string[]]> = [
  ['types', 'tsc', '--noEmit'],
  ['lint', 'oxlint', '--type-aware', '--deny-warnings'],
  ['format', 'oxfmt', '--check'],
  ['imports', 'depcruise', 'packages', 'examples', 'bench', 'tooling'],
  ['laws', process.execPath, 'tooling/laws.ts'],
  ['unused', 'knip', '--treat-config-hints-as-errors'],
  ['examples', process.execPath, 'tooling/examples.ts'],
  ['build', process.execPath, 'tooling/build.ts'],
  ['packed', process.execPath, 'tooling/packed.ts'],
  ['licences', process.execPath, 'tooling/licences.ts'],
  ['audit', process.execPath, 'tooling/audit.ts'],
]

let failed = 0
for (const [name, command, ...args] of CHECKS) {
  const start = performance.now()
  const said = await run(command, args).catch((error: Error) => error)
  const time = `${((performance.now() - start) / 1000).toFixed(1)} s`.padStart(7)
  const broken = said instanceof Error
  if (broken) failed++
  console.log(`${broken ? 'FAILED' : 'ok    '} ${name.padEnd(9)}${time}  ${broken ? '' : lastLine(said)}`.trimEnd())
  if (broken) console.log(said.message.replace(/^/gm, '       '))
}
console.log(`${CHECKS.length - failed} checks passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? ''
}
