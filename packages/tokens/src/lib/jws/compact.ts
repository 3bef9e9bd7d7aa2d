/** Longer than this is no token of ours, and costs nothing more to refuse. */
export const MAX_TOKEN_LENGTH = 8192

/** What a JOSE header may say here. Whatever else it holds has no effect, or is refused. */
interface JoseHeader {
  readonly alg: string
  readonly kid: string | undefined
  readonly typ: string | undefined
}

/** A token taken apart; nothing of it is believed yet. */
export interface CompactJws {
  readonly header: JoseHeader
  /** What was signed: the first two parts as they were sent. */
  readonly signed: string
  readonly payload: string
  readonly signature: Buffer
}

/** An empty signature has a shape, too: it is refused for its algorithm, and counted as that. */
const SHAPE = /^[\w-]+\.[\w-]*\.[\w-]*$/
const KID = /^[\x21-\x7e]{1,128}$/

/** Headers that would let the token choose its own key, or that change what the signature covers. */
const FORBIDDEN = ['jwk', 'jku', 'x5u', 'x5c', 'crit', 'b64', 'zip'] as const

/**
 * Takes a compact JWS apart, accepting exactly one spelling of each token: no padding, no white space, no unused bits
 * that are set. Otherwise the same token has many texts, and whatever is keyed by the text is walked around.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc7515#section-7.1 | RFC 7515 section 7.1}
 * @see {@link https://www.rfc-editor.org/rfc/rfc4648#section-3.5 | RFC 4648 section 3.5}
 */
export function parseCompact(token: string): CompactJws | 'malformed' | 'unsupported_header' {
  if (typeof token !== 'string' || token.length > MAX_TOKEN_LENGTH || !SHAPE.test(token)) return 'malformed'
  const first = token.indexOf('.')
  const second = token.indexOf('.', first + 1)
  const head = token.slice(0, first)
  const payload = token.slice(first + 1, second)
  const signature = token.slice(second + 1)
  if (!isCanonical(head) || !isCanonical(payload) || !isCanonical(signature)) return 'malformed'
  const header = parseHeader(head)
  if (typeof header === 'string') return header
  return { header, signed: token.slice(0, second), payload, signature: Buffer.from(signature, 'base64url') }
}

function parseHeader(text: string): JoseHeader | 'malformed' | 'unsupported_header' {
  const header = parseObject(text)
  if (header === undefined || typeof header['alg'] !== 'string') return 'malformed'
  if (FORBIDDEN.some((name) => Object.hasOwn(header, name))) return 'unsupported_header'
  const { alg, kid, typ } = header
  if (kid !== undefined && (typeof kid !== 'string' || !KID.test(kid))) return 'malformed'
  if (typ !== undefined && typeof typ !== 'string') return 'malformed'
  return { alg, kid, typ }
}

/** Reads base64url text as a JSON object. */
export function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'))
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** Whether the last character sets only bits that belong to a byte; the alphabet is checked already. */
export function isCanonical(text: string): boolean {
  const rest = text.length % 4
  if (rest === 0) return true
  if (rest === 1) return false
  const unused = rest === 2 ? 0b1111 : 0b11
  return (ALPHABET.indexOf(text.charAt(text.length - 1)) & unused) === 0
}
