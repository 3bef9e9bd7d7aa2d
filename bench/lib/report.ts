/** One line of a table: what was measured, and figures by the name of their column. */
export interface Row {
  readonly name: string
  readonly [column: string]: string | number
}

/** What a ratio has to be. */
export interface Goal {
  readonly atLeast?: number
  readonly atMost?: number
  /**
   * `behaviour` is the same on every machine, so that a miss is a defect. `speed` depends on what else the machine does:
   * a miss fails a full run, and is only said aloud in a quick one.
   */
  readonly kind: 'behaviour' | 'speed'
}

/** Rows that share their columns. */
export interface Table {
  readonly title: string
  readonly rows: readonly Row[]
}

/** What an area found. */
export interface AreaReport {
  readonly area: string
  readonly ratios: Readonly<Record<string, number>>
  readonly goals: Readonly<Record<string, Goal>>
  readonly tables: readonly Table[]
}

/** How an area is asked to measure. */
export interface BenchOptions {
  /** Fewer operations in a round; as many rounds and as many sessions. */
  readonly quick: boolean
}

/** Whether a ratio is what it should be. */
export function reaches(ratio: number, goal: Goal): boolean {
  return ratio >= (goal.atLeast ?? Number.NEGATIVE_INFINITY) && ratio <= (goal.atMost ?? Number.POSITIVE_INFINITY)
}

/** Writes a table for people. */
export function tableText({ title, rows }: Table): string {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))]
  const cells = [
    columns.map((column) => (column === 'name' ? '' : column)),
    ...rows.map((row) => columns.map((c) => shown(row[c]))),
  ]
  const widths = columns.map((_, i) => Math.max(...cells.map((line) => (line[i] as string).length)))
  const lines = cells.map((line) =>
    line.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] as number) : cell.padStart(widths[i] as number))).join('  '),
  )
  return [title, ...lines.map((line) => `  ${line.trimEnd()}`)].join('\n')
}

/** Writes the ratios with their goals. */
export function ratiosText({ ratios, goals }: AreaReport): string {
  const rows = Object.entries(ratios).map(([name, ratio]) => {
    const goal = goals[name]
    if (goal === undefined) return { name, ratio, goal: '', verdict: '' }
    const wanted = goal.atLeast === undefined ? `<= ${goal.atMost}` : `>= ${goal.atLeast}`
    return { name, ratio, goal: wanted, verdict: reaches(ratio, goal) ? 'reached' : 'MISSED' }
  })
  return tableText({ title: 'ratios', rows })
}

function shown(value: string | number | undefined): string {
  if (value === undefined) return ''
  if (typeof value === 'string') return value
  if (Number.isInteger(value) || Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en-US')
  return value.toFixed(Math.abs(value) < 10 ? 2 : 1)
}
