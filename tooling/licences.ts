// Refuses a dependency whose licence asks more of our users than to keep its notice.
import { run } from './workspace.ts'

const FREE = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'ISC',
  'MIT',
  'Unlicense',
])

const listed = JSON.parse(await run('pnpm', ['-r', 'licenses', 'list', '--prod', '--json'])) as Record<string, { name: string }[]>
const bound = Object.entries(listed).filter(([licence]) => !FREE.has(licence))
for (const [licence, dependencies] of bound) console.error(`${licence}: ${dependencies.map((d) => d.name).join(', ')}`)
if (bound.length > 0) process.exitCode = 1
else console.log(`${Object.values(listed).flat().length} dependencies: ${Object.keys(listed).join(', ')}`)
