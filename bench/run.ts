import { availableParallelism, cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { ratiosText, reaches, tableText, type AreaReport, type BenchOptions } from './lib/report.ts'

const AREAS: Readonly<Record<string, () => Promise<(options: BenchOptions) => Promise<AreaReport>>>> = {
  tokens: async () => (await import('./tokens.ts')).tokens,
  http: async () => (await import('./http.ts')).http,
  fleet: async () => (await import('./fleet.ts')).fleet,
}

// One library warns of an option that its fastest row needs.
process.removeAllListeners('warning')

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean', default: false }, json: { type: 'boolean', default: false } },
})
const unknown = positionals.filter((area) => !Object.hasOwn(AREAS, area))
if (unknown.length > 0) {
  console.error(`no such area: ${unknown.join(', ')}; there is ${Object.keys(AREAS).join(', ')}`)
  process.exit(2)
}

const say = (text: string): void => (values.json ? undefined : console.log(text))
say(
  `${cpus()[0]?.model ?? 'unknown CPU'}, ${availableParallelism()} cores, Node ${process.version}, ${new Date().toISOString()}\n`,
)
for (const area of positionals.length > 0 ? positionals : Object.keys(AREAS)) {
  const measure = await AREAS[area]?.()
  const report = await measure?.({ quick: values.quick })
  if (report === undefined) continue
  for (const table of report.tables) say(`${tableText(table)}\n`)
  say(`${ratiosText(report)}\n`)
  const rows = report.tables.flatMap(({ title, rows: some }) => some.map((row) => ({ table: title, ...row })))
  console.log(JSON.stringify({ area, ratios: report.ratios, rows, goals: report.goals }))
  if (misses(report, values.quick).length > 0) process.exitCode = 1
}

/** What fails the run. Speed was measured again before it got here, and fails only where nobody asked for haste. */
function misses({ ratios, goals }: AreaReport, quick: boolean): readonly string[] {
  return Object.entries(goals)
    .filter(([name, goal]) => !reaches(ratios[name] ?? Number.NaN, goal) && !(quick && goal.kind === 'speed'))
    .map(([name]) => name)
}
