import { type OptionReader } from '@wardstone/core'

/** Where the tables lie, if nobody says where. */
const SCHEMA = 'wardstone'

/** Reads the name of a schema, and quotes it: it becomes part of statements. */
export function readSchema(o: OptionReader): string {
  const name = o.text('schema', SCHEMA)
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(name))
    o.problem('schema', 'expected a name in lower case of at most 63 letters, digits and _, such as wardstone')
  return `"${name}"`
}
