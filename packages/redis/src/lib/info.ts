/** Reads the answer of `INFO`, by name. */
export function readInfo(answer: unknown): Readonly<Record<string, string | undefined>> {
  const info: Record<string, string> = Object.create(null) as Record<string, string>
  for (const line of String(answer).split('\r\n')) {
    const colon = line.indexOf(':')
    if (colon > 0) info[line.slice(0, colon)] = line.slice(colon + 1)
  }
  return info
}
