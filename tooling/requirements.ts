// Says which tests show which requirement, from the last run of the tests: `[TOK-4]` in a title names one. Writes
// docs/requirements.md; with --json prints only {id: {tests, passed}}.
import { readFileSync, writeFileSync } from 'node:fs'
import { relative } from 'node:path'

interface Requirement {
  readonly id: string
  readonly area: string
  readonly text: string
}
interface Report {
  readonly testResults: ReadonlyArray<{
    readonly name: string
    readonly assertionResults: ReadonlyArray<{ readonly fullName: string; readonly status: string }>
  }>
}
interface Shown {
  tests: number
  passed: number
  readonly files: Set<string>
}

const requirements = JSON.parse(readFileSync('docs/requirements.json', 'utf8')) as Requirement[]
const report = JSON.parse(readFileSync('reports/vitest.json', 'utf8')) as Report
const shown = new Map(requirements.map(({ id }): [string, Shown] => [id, { tests: 0, passed: 0, files: new Set() }]))
const unknown = new Set<string>()

for (const { name, assertionResults } of report.testResults) {
  for (const { fullName, status } of assertionResults) {
    for (const [, id = ''] of fullName.matchAll(/\[([A-Z]+-\d+)\]/g)) {
      const row = shown.get(id)
      if (row === undefined) unknown.add(id)
      else if (status === 'passed' || status === 'failed') {
        row.tests++
        if (status === 'passed') row.passed++
        row.files.add(relative('.', name))
      }
    }
  }
}

if (process.argv.includes('--json')) {
  console.log(JSON.stringify(Object.fromEntries([...shown].map(([id, { tests, passed }]) => [id, { tests, passed }]))))
} else {
  writeFileSync('docs/requirements.md', page())
  const open = [...shown.values()].filter(({ tests }) => tests === 0).length
  console.log(`docs/requirements.md: ${shown.size - open} of ${shown.size} requirements have tests, ${open} are open`)
}
if (unknown.size > 0) {
  console.error(`tests name requirements that do not exist: ${[...unknown].join(', ')}`)
  process.exitCode = 1
}

function page(): string {
  const parts = ['# Requirements', 'Written by `pnpm requirements` from the titles of the tests. A row without a test is open.']
  for (const area of new Set(requirements.map((r) => r.area))) {
    const rows = requirements.filter((r) => r.area === area).map((r) => `| \`${r.id}\` | ${r.text} | ${evidence(r.id)} |`)
    parts.push(
      `## ${area[0]?.toUpperCase()}${area.slice(1)}`,
      `| id | requirement | shown by |\n|---|---|---|\n${rows.join('\n')}`,
    )
  }
  return `${parts.join('\n\n')}\n`
}

function evidence(id: string): string {
  const { tests = 0, passed = 0, files = [] } = shown.get(id) ?? {}
  if (tests === 0) return 'open'
  const noun = tests === 1 ? 'test' : 'tests'
  const count = passed === tests ? `${tests} ${noun}` : `**${passed} of ${tests} ${noun}**`
  return `${count}: ${[...files]
    .sort()
    .map((file) => `[${file}](../${file})`)
    .join(', ')}`
}
