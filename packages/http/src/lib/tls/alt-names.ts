/** The names of a certificate, in the order of the certificate. */
export interface AltNames {
  readonly dns: readonly string[]
  readonly uris: readonly string[]
}

/** A kind, a colon, and a value that is either free of commas and quotes or written as JSON. */
const NAME = /([A-Za-z][A-Za-z ]*):("(?:[^"\\]|\\.)*"|[^",]*)(, |$)/y

/**
 * Reads the text that Node makes of a certificate's subject alternative names. A name may hold anything, `, URI:spiffe://…` too:
 * Node writes such names as JSON, and a reader who splits at commas takes their contents for further names (CVE-2021-44532).
 *
 * @returns `undefined` for a text that is not exactly of this form: nobody knows what it says
 */
export function parseAltNames(text: string | undefined): AltNames | undefined {
  const dns: string[] = []
  const uris: string[] = []
  if (text === undefined) return { dns, uris }
  NAME.lastIndex = 0
  for (let from = 0, more = true; more; from = NAME.lastIndex) {
    NAME.lastIndex = from
    const [, kind, written = '', end] = NAME.exec(text) ?? []
    if (kind === undefined) return undefined
    const value = valueOf(written)
    if (value === undefined) return undefined
    if (kind === 'DNS') dns.push(value)
    else if (kind === 'URI') uris.push(value)
    more = end !== ''
  }
  return { dns, uris }
}

function valueOf(written: string): string | undefined {
  if (!written.startsWith('"')) return written
  try {
    return JSON.parse(written) as string
  } catch {
    return undefined
  }
}
