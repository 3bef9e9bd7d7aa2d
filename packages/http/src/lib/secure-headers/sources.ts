/** Keywords that name where something may come from. */
const PLACES: readonly string[] = ["'none'", "'self'"]

/** Keywords that say how code may run. */
const MANNERS: readonly string[] = [
  "'inline-speculation-rules'",
  "'report-sample'",
  "'strict-dynamic'",
  "'trusted-types-eval'",
  "'unsafe-eval'",
  "'unsafe-hashes'",
  "'unsafe-inline'",
  "'wasm-unsafe-eval'",
]
const KEYWORDS = new Set([...PLACES, ...MANNERS])

const HASH = /^'sha(256|384|512)-([A-Za-z0-9+/_-]+={0,2})'$/i
const SCHEME = /^[a-z][a-z0-9+.-]*:$/i
const HOST = /^(?:[a-z][a-z0-9+.-]*:\/\/)?(?:\*|(?:\*\.)?[a-z0-9-]+(?:\.[a-z0-9-]+)*)(?::(?:\d{1,5}|\*))?(?:\/[\x21-\x7e]*)?$/i
const BARE_SCHEMES = new Set(['blob', 'data', 'filesystem', 'http', 'https', 'mediastream', 'ws', 'wss'])

/**
 * What is wrong with a source as a directive takes it, in words that do not repeat it. `code` is a directive about
 * scripts or styles, which takes hashes and the keywords of code.
 *
 * @see {@link https://www.w3.org/TR/CSP3/#framework-directive-source-list | Content Security Policy Level 3 section 2.3.1}
 */
export function sourceProblem(source: string, code: boolean): string | undefined {
  const lower = source.toLowerCase()
  if (/^'?nonce-/.test(lower)) return 'a nonce that is written here is the same for everybody, which is none; use cspNonce'
  if (KEYWORDS.has(lower)) return code || PLACES.includes(lower) ? undefined : 'this keyword is for scripts and styles'
  if (KEYWORDS.has(`'${lower}'`)) return `keywords are quoted; did you mean "'${lower}'"?`
  if (/^sha\d+-/.test(lower)) return 'a hash is quoted'
  if (source.startsWith("'"))
    return code && isHash(source) ? undefined : `no keyword and no hash; keywords here are ${known(code)}`
  if (BARE_SCHEMES.has(lower)) return `a scheme ends in a colon; did you mean "${lower}:"?`
  if (SCHEME.test(source)) return undefined
  return HOST.test(source) && !/[?#']/.test(source) ? undefined : 'expected an origin, a host, a scheme or a quoted keyword'
}

/** Keywords in lower case, so that they may be compared. */
export function canonical(entry: string): string {
  return entry.startsWith("'") && !HASH.test(entry) ? entry.toLowerCase() : entry
}

/** Browsers take a hash of another length for one that nothing has. */
function isHash(source: string): boolean {
  const [, bits, digest = ''] = HASH.exec(source) ?? []
  return bits !== undefined && Buffer.from(digest, 'base64').length === Number(bits) / 8
}

function known(code: boolean): string {
  return (code ? [...KEYWORDS] : PLACES).join(', ')
}
