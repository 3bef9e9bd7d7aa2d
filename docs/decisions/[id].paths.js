// One page for each decision record of the repository.
import { globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'

const records = globSync(join(import.meta.dirname, '../../decisions/*.md'))

export default {
  paths: () => records.map((file) => ({ params: { id: basename(file, '.md') }, content: readFileSync(file, 'utf8') })),
}
