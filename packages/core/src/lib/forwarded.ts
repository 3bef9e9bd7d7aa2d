import { parseAddress } from './address.ts'

/**
 * Which headers proxies tell of clients by: `X-Forwarded-For` and `X-Forwarded-Proto`, or `Forwarded` of RFC 7239. Only the chosen ones
 * are read: a proxy that writes one kind passes the other on as the client wrote it.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc7239 | RFC 7239}
 */
export type ForwardedBy = 'x-forwarded' | 'forwarded'

/** What one proxy wrote. */
interface ForwardedElement {
  /** Canonical; `undefined` for `unknown`, `_hidden` and whatever is no address. */
  readonly address: string | undefined
  /** Lower case. Only `Forwarded` has it here. */
  readonly proto?: string | undefined
}

/** No proxy writes longer elements, and nobody has more proxies in a row: what comes beyond is not looked at. */
const LONGEST_ELEMENT = 512
const MOST_ELEMENTS = 32

/**
 * Reads a list from the right, where the nearest proxy writes, until told to stop. What stands further left may be anything, an open
 * quote included, and costs nothing.
 *
 * @param header - all lines of the header, joined by commas
 * @param take - is given one element after another, and says whether to go on
 */
export function eachElement(header: string, by: ForwardedBy, take: (element: ForwardedElement) => boolean): void {
  let end = header.length
  for (let count = 0; count < MOST_ELEMENTS; count++) {
    const comma = by === 'forwarded' ? commaBefore(header, end) : end === 0 ? -1 : header.lastIndexOf(',', end - 1)
    const text = end - comma > LONGEST_ELEMENT ? '' : trimmed(header, comma + 1, end)
    if (!take(by === 'forwarded' ? readElement(text) : { address: parseAddress(text) }) || comma < 0) return
    end = comma
  }
}

/** The comma that begins the element which ends here, commas in quotes left out. */
function commaBefore(header: string, end: number): number {
  let quoted = false
  for (let at = end - 1; at >= 0; at--) {
    if (end - at > LONGEST_ELEMENT) return at // too long to be one: no comma need be found
    const char = header[at]
    if (char === '"' && !isEscaped(header, at)) quoted = !quoted
    else if (char === ',' && !quoted) return at
  }
  return -1
}

function isEscaped(header: string, at: number): boolean {
  let first = at
  while (header[first - 1] === '\\') first--
  return (at - first) % 2 === 1
}

/** Without the blanks around it. Only those that HTTP knows: `trim` takes away others, and makes addresses of what is none. */
function trimmed(header: string, from: number, to: number): string {
  let [start, end] = [from, to]
  while (start < end && isBlank(header.charCodeAt(start))) start++
  while (end > start && isBlank(header.charCodeAt(end - 1))) end--
  return header.slice(start, end)
}

function isBlank(code: number): boolean {
  return code === 32 || code === 9
}

/** A pair and what ends it. Blanks after a semicolon are no part of the grammar, but of what proxies write. */
const PAIR =
  /(?:([\w!#$%&'*+.^`|~-]+)=(?:([\w!#$%&'*+.^`|~-]+)|"((?:[\t !\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t\x20-\x7e\x80-\xff])*)")[\t ]*)?(?:;[\t ]*|$)/gy

const NODE = /^(\d+\.\d+\.\d+\.\d+|\[[\da-f:.]+\])(?::(?:\d{1,5}|_[\w.-]+))?$/i
const SCHEME = /^[a-z][a-z\d+.-]*$/i

/** One element of `Forwarded`. One that breaks the grammar says nothing at all. */
function readElement(text: string): ForwardedElement {
  const pairs = new Map<string, string>()
  let read = 0
  for (const match of text.matchAll(PAIR)) {
    read = match.index + match[0].length
    const name = match[1]?.toLowerCase()
    if (name === undefined) continue
    if (pairs.has(name)) return NOTHING // RFC 7239 section 4: either may be the attacker's
    pairs.set(name, match[2] ?? (match[3] ?? '').replace(/\\(.)/g, '$1'))
  }
  if (read !== text.length) return NOTHING
  const node = NODE.exec(pairs.get('for') ?? '')?.[1]
  const proto = pairs.get('proto')
  return {
    address: node === undefined ? undefined : parseAddress(node),
    proto: proto !== undefined && SCHEME.test(proto) ? proto.toLowerCase() : undefined,
  }
}

const NOTHING: ForwardedElement = Object.freeze({ address: undefined })
