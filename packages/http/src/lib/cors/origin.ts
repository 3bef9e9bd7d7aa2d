/** An origin as browsers write it, or a wildcard for one label of it. */
export interface ParsedOrigin {
  /** `https://app.example.com`, or `https://*.example.com`. */
  readonly text: string
  readonly wildcard: boolean
  /** What production does not take, if it is that. */
  readonly unfit: string | undefined
  /** It is a computer's own address. */
  readonly loopback: boolean
}

/** Stands for the label that a wildcard covers while the rest is read as a URL. */
const LABEL = 'label.'
const TRAILING = /[/?#\\]/
const LOOPBACK = /^(?:localhost|.+\.localhost|127\.[\d.]+|0\.0\.0\.0|\[::1?\]|\[::ffff:7f.+\])$/

/**
 * Reads an entry of a list of origins, or says what is wrong with it and what was meant. A user name, a password and a path
 * are never repeated: somebody's secret may stand there.
 *
 * @see {@link https://html.spec.whatwg.org/multipage/browsers.html#ascii-serialisation-of-an-origin | HTML, serialisation of an origin}
 */
export function parseOrigin(entry: unknown): ParsedOrigin | string {
  if (typeof entry !== 'string' || entry === '') return 'expected a text such as "https://app.example.com"'
  if (entry === 'null') return '"null" is what sandboxed frames and local files send, those of an attacker too'
  if (entry === '*') return '"*" is everybody: it stands alone in cors, with credentials: false, and nowhere else'
  if (/[\s,]/.test(entry)) return 'expected one origin, without spaces and commas'
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(entry)?.[1]
  if (scheme === undefined) return 'has no scheme; write https:// before the host'
  if (!/^https?$/i.test(scheme)) return 'expected https://, or http:// in development'
  const rest = entry.slice(scheme.length + 3)
  const wildcard = rest.startsWith('*.')
  const plain = `${scheme}://${wildcard ? LABEL + rest.slice(2) : rest}`
  if (plain.includes('*')) return 'a "*" stands for the first label of the host, all of it: https://*.example.com'
  if (!URL.canParse(plain)) return 'expected an origin such as "https://app.example.com"'
  const url = new URL(plain)
  const text = wildcard ? url.origin.replace(LABEL, '*.') : url.origin
  const wrong = spelling(url, entry, rest)
  if (wrong.length > 0) return `has ${wrong.join(' and ')}; did you mean ${text}?`
  if (url.hostname.endsWith('.')) return 'the host ends in a dot, which is another host to a browser'
  if (text !== entry) return `browsers write it otherwise; did you mean ${text}?`
  if (wildcard && url.hostname.split('.').length < 3) return 'expected two labels or more after "*.": nobody owns all of one'
  return { text, wildcard, unfit: unfitOf(url), loopback: LOOPBACK.test(url.hostname) }
}

function spelling(url: URL, entry: string, rest: string): readonly string[] {
  const end = rest.search(TRAILING)
  const authority = end < 0 ? rest : rest.slice(0, end)
  const tail = end < 0 ? '' : rest.slice(end)
  const host = authority.slice(authority.lastIndexOf('@') + 1)
  const wrong: string[] = []
  if (host !== authority) wrong.push('a user name')
  // Of what is an origin only: a path may be as long and as odd as it likes.
  if (/[A-Z]/.test(entry.slice(0, entry.length - rest.length) + host)) wrong.push('upper case')
  if (/[^\x20-\x7e]/.test(host)) wrong.push('a host that browsers send in punycode')
  if (/:\d*$/.test(host) && url.port === '') wrong.push('the default port')
  if (tail === '/') wrong.push('a trailing slash')
  else if (tail !== '') wrong.push('a path, query or fragment')
  return wrong
}

function unfitOf({ protocol, hostname }: URL): string | undefined {
  if (LOOPBACK.test(hostname)) return "is a computer's own address; production expects a public one"
  if (protocol !== 'https:') return 'is plain http, where anybody on the way can write the page; production expects https://'
  return undefined
}
