/**
 * Header lines in the order in which they are sent. Only `set-cookie` may stand there more than once. A line with an empty value
 * is never sent: it removes what was set before under its name. Cookies and `vary` are only added to; there, it does nothing.
 */
export type HeaderList = ReadonlyArray<readonly [name: Lowercase<string>, value: string]>

/**
 * Adds headers to headers: `set-cookie` is appended, `vary` is united, anything else replaces the earlier line in its
 * place, also where it is empty, so that it still removes what an earlier mount has set.
 */
export function mergeHeaders(into: HeaderList, more: HeaderList): HeaderList {
  if (into.length === 0) return more
  if (more.length === 0) return into
  const merged = [...into]
  for (const [name, value] of more) {
    const at = name === 'set-cookie' ? -1 : merged.findIndex((line) => line[0] === name)
    if (at < 0) merged.push([name, value])
    else merged[at] = [name, name === 'vary' ? uniteVary(merged[at]?.[1], value) : value]
  }
  return merged
}

/**
 * Unites two `Vary` values, keeping the first spelling of each field.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9110#section-12.5.5 | RFC 9110 section 12.5.5}
 */
export function uniteVary(earlier: string | undefined, later: string): string {
  if (earlier === undefined && !later.includes(',')) return later // the usual case, at every response
  const fields: string[] = []
  for (const field of `${earlier ?? ''},${later}`.split(',').map((f) => f.trim())) {
    if (field !== '' && !fields.some((known) => known.toLowerCase() === field.toLowerCase())) fields.push(field)
  }
  return fields.includes('*') ? '*' : fields.join(', ')
}
