/** How large JSON may be beside its bytes. */
export interface JsonLimits {
  /** How many arrays and objects may stand in each other. Default 32. */
  readonly depth?: number | undefined
  /** How many keys all objects may have together. Default 10,000. */
  readonly keys?: number | undefined
}

/** The defaults of {@link JsonLimits}. */
export const JSON_LIMITS = Object.freeze({ depth: 32, keys: 10_000 })

/**
 * Parses JSON and refuses what is meant to hurt: keys with which objects are poisoned when they are copied (`__proto__`, and
 * `constructor` with a `prototype` in it, however they are spelled), nesting on which code that recurses would run out of stack,
 * and keys without end. Bytes must be UTF-8. A byte order mark is skipped.
 *
 * Of a key that comes twice the last value holds, as with `JSON.parse`: nothing here reads the text in another way, and
 * finding them would cost every honest request a set of names.
 *
 * @throws SyntaxError which repeats nothing of the text
 * @see {@link https://www.rfc-editor.org/rfc/rfc8259 | RFC 8259}, section 4 of names that are not unique, section 9 of limits
 *
 * @example
 * ```ts
 * import { parseJson } from '@wardstone/http'
 *
 * export const filter = (text: string): unknown => parseJson(text, { depth: 4, keys: 100 })
 * ```
 */
export function parseJson(content: string | Uint8Array, limits: JsonLimits = JSON_LIMITS): unknown {
  const text = textOf(content)
  refuseExcess(text, limits.depth ?? JSON_LIMITS.depth, limits.keys ?? JSON_LIMITS.keys)
  const value = parse(text)
  if (SUSPECT.test(text)) refusePoison(value)
  return value
}

/**
 * Throws what {@link parseJson} throws, but for JSON that is merely malformed: for hosts whose own parser comes next.
 *
 * @throws SyntaxError
 */
export function refuseJson(content: Uint8Array, limits: JsonLimits): void {
  const text = textOf(content)
  // The parsers of some hosts make something of nothing.
  if (text === '') throw new SyntaxError('The text is empty')
  refuseExcess(text, limits.depth ?? JSON_LIMITS.depth, limits.keys ?? JSON_LIMITS.keys)
  if (SUSPECT.test(text)) refusePoison(parse(text))
}

/** Keys can be written with escapes, so only a text with neither is clean without a look. */
const SUSPECT = /__proto__|constructor|\\u/

/** Replacing bytes that are no UTF-8 would let two different texts become the same, after somebody else has looked at them. */
const UTF8 = new TextDecoder('utf-8', { fatal: true })

function textOf(content: string | Uint8Array): string {
  if (typeof content === 'string') return content.charCodeAt(0) === 0xfeff ? content.slice(1) : content
  try {
    return UTF8.decode(content)
  } catch {
    throw new SyntaxError('The text is no UTF-8')
  }
}

/** The engine's own error quotes the text, and there may be a password in it. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new SyntaxError('The text is no JSON')
  }
}

const [QUOTE, COLON, BACKSLASH] = [0x22, 0x3a, 0x5c]
const [OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d]

/**
 * One walk over the text, before anything is made of it. Whether it is JSON is not asked: of what is, every bracket and
 * every colon outside of strings counts. Written so that a limit that is no number refuses everything.
 */
function refuseExcess(text: string, depth: number, keys: number): void {
  let nested = 0
  let named = 0
  for (let i = 0; i < text.length; i++) {
    const char = text.charCodeAt(i)
    if (char === QUOTE) {
      i = endOfString(text, i)
      if (i < 0) return
    } else if (char === OPEN_OBJECT || char === OPEN_ARRAY) {
      nested++
      if (!(nested <= depth)) throw new SyntaxError('The text is nested too deeply')
    } else if (char === CLOSE_OBJECT || char === CLOSE_ARRAY) {
      nested--
    } else if (char === COLON) {
      named++
      if (!(named <= keys)) throw new SyntaxError('The text has too many keys')
    }
  }
}

/** Where the quote is that ends a string; -1 if none does. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let escapes = 0
    while (text.charCodeAt(end - 1 - escapes) === BACKSLASH) escapes++
    if (escapes % 2 === 0) return end
  }
  return -1
}

function refusePoison(root: unknown): void {
  const open = [root]
  while (open.length > 0) {
    const value = open.pop()
    if (typeof value !== 'object' || value === null) continue
    if (Object.hasOwn(value, '__proto__')) throw new SyntaxError('__proto__ is not accepted as a key')
    const own: unknown = Object.hasOwn(value, 'constructor') ? value.constructor : undefined
    if (typeof own === 'object' && own !== null && Object.hasOwn(own, 'prototype')) {
      throw new SyntaxError('constructor.prototype is not accepted as a key')
    }
    for (const inner of Object.values(value)) open.push(inner)
  }
}
