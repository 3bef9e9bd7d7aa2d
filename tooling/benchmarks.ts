// Writes docs/benchmarks.md from a run of the benchmarks: whatever was measured, rows where we lose included. Arguments go to the
// benchmarks, so `pnpm bench:page --quick` is a rehearsal.
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { arch, availableParallelism, cpus, platform, release, totalmem } from 'node:os'

interface Line {
  readonly area: string
  readonly ratios: Readonly<Record<string, number>>
  readonly goals: Readonly<Record<string, { readonly atLeast?: number; readonly atMost?: number }>>
  readonly rows: ReadonlyArray<Readonly<Record<string, string | number>>>
}

const args = process.argv.slice(2)
const command = ['pnpm bench', '--json', ...args].join(' ')
// A goal that is missed fails the run, and stands on the page all the same.
const { stdout: output, status } = spawnSync(process.execPath, ['--expose-gc', 'bench/run.ts', '--json', ...args], {
  encoding: 'utf8',
  stdio: ['ignore', 'pipe', 'inherit'],
  maxBuffer: 2 ** 26,
})
const lines = output
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Line)
writeFileSync('docs/benchmarks.md', page(lines))
process.exitCode = status ?? 1
console.log(`docs/benchmarks.md: ${lines.length} areas, ${lines.flatMap(({ rows }) => rows).length} rows`)

function page(areas: readonly Line[]): string {
  const parts = [
    '# Benchmarks',
    `Written by \`pnpm bench:page\` from one run of \`${command}\`. How it is measured, and what each row is: [bench](../bench/README.md).`,
    table([
      ['', ''],
      ['machine', `${cpus()[0]?.model ?? 'unknown'}, ${availableParallelism()} cores, ${Math.round(totalmem() / 2 ** 30)} GiB`],
      ['system', `${platform()} ${release()}, ${arch()}, Node ${process.version}`],
      ['date', new Date().toISOString().slice(0, 10)],
    ]),
    'Everybody runs the same work in turns on the same machine. A ratio is ours over theirs in operations per second unless its name says otherwise: below 1, we are slower.',
    ...areas.flatMap((line) => [
      `## ${line.area}`,
      table([['ratio', 'measured', 'goal', ''], ...Object.keys(line.ratios).map((name) => verdict(line, name))]),
      ...[...new Set(line.rows.map((row) => String(row['table'])))].flatMap((title) => [
        `### ${capitalised(title)}`,
        rowsTable(line.rows.filter((row) => row['table'] === title)),
      ]),
    ]),
  ]
  return `${parts.join('\n\n')}\n`
}

function verdict({ ratios, goals }: Line, name: string): string[] {
  const ratio = ratios[name] ?? Number.NaN
  const { atLeast = Number.NEGATIVE_INFINITY, atMost = Number.POSITIVE_INFINITY } = goals[name] ?? {}
  if (goals[name] === undefined) return [`\`${name}\``, shown(ratio), '', '']
  const wanted = Number.isFinite(atLeast) ? `≥ ${atLeast}` : `≤ ${atMost}`
  return [`\`${name}\``, shown(ratio), wanted, ratio >= atLeast && ratio <= atMost ? 'reached' : '**missed**']
}

function rowsTable(rows: Line['rows']): string {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))].filter((column) => column !== 'table')
  return table([
    columns.map((column) => (column === 'name' ? '' : column)),
    ...rows.map((row) => columns.map((c) => shown(row[c]))),
  ])
}

function table(rows: readonly (readonly string[])[]): string {
  const [head = [], ...rest] = rows
  const lines = [head, head.map((_, i) => (i === 0 || head.length === 2 ? '---' : '--:')), ...rest]
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

function shown(value: string | number | undefined): string {
  if (typeof value !== 'number') return value ?? ''
  if (Number.isInteger(value) || Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en-US')
  return value.toFixed(Math.abs(value) < 10 ? 2 : 1)
}

function capitalised(text: string): string {
  return `${text[0]?.toUpperCase() ?? ''}${text.slice(1)}`
}
