import { readOptions } from '@wardstone/core'
import type { HttpContext } from './context.ts'
import { csrfIssuedKey } from './csrf/token.ts'
import type { HeadView } from './decision.ts'

/** Options of every adapter's `compression`. */
export interface CompressionOptions {
  /** Smaller bodies are sent as they are, in bytes. Default 1024. */
  readonly minBytes?: number | undefined
  /** How hard gzip and deflate try, 1 to 9. Default 6. Other encodings keep the default of the host's package. */
  readonly level?: number | undefined
}

/** The options with their defaults. */
export interface CompressionSettings {
  readonly minBytes: number
  readonly level: number
}

/**
 * Reads the options of `compression`, for authors of adapters.
 *
 * @throws {@link ConfigurationError} `invalid_options`
 */
export function readCompression(options: CompressionOptions | undefined): CompressionSettings {
  return readOptions('compression', options, (o) => ({
    minBytes: o.integer('minBytes', { min: 0, max: 2 ** 30 }, 1024),
    level: o.integer('level', { min: 1, max: 9 }, 6),
  }))
}

/** What shrinks: text, and formats that are text or bytes without a compression of their own. */
const SHRINKS =
  /^(?:text\/(?!event-stream)|(?:application\/(?:json|javascript|xml|wasm|manifest\+json|vnd\.ms-fontobject)|font\/(?:ttf|otf)|image\/(?:bmp|x-icon|vnd\.microsoft\.icon))\s*(?:;|$)|[^;]+\+(?:json|xml|text)\s*(?:;|$))/i

/**
 * Whether this response may be compressed, by what is known when its head is sent.
 *
 * The length of what is compressed tells how much of it repeats: who can make a browser ask, puts a guess into the request that
 * the page repeats, and sees the length on the wire, reads a secret of the page letter by letter (BREACH). So nothing is
 * compressed that sets a cookie, holds a token against forged requests or was asked for by another site; what else is secret and
 * stands beside what was sent, answers with `cache-control: no-transform`.
 *
 * Nor are compressed: what the client asked to have as it is (`x-no-compression`), what is encoded already or does not shrink,
 * streams of events, which would wait in the compressor, parts of a file, whose offsets count bytes as they are, and what has no
 * body.
 *
 * @see {@link https://breachattack.com | BREACH}
 *
 * @example
 * ```ts
 * import { compressible, type HeadView, type HttpContext } from '@wardstone/http'
 *
 * export const encodingOf = (ctx: HttpContext, head: HeadView) => (compressible(ctx, head) ? 'gzip' : 'identity')
 * ```
 */
export function compressible(ctx: HttpContext, head: HeadView): boolean {
  const { status } = head
  if (status === 206 || status === 304 || head.header('content-range') !== undefined) return false
  if (!variesByEncoding(head) || ctx.method === 'HEAD') return false
  if (ctx.header('x-no-compression') !== undefined || ctx.header('sec-fetch-site') === 'cross-site') return false
  return head.header('set-cookie') === undefined && ctx.state.get(csrfIssuedKey) === undefined
}

/**
 * Whether the same address may be answered compressed, now or another time: then it goes with `Vary: Accept-Encoding`, compressed
 * or not, or a cache would hand the one to who asked for the other. A part of it and a 304 say so too.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9110#section-12.5.5 | RFC 9110 section 12.5.5},
 *   {@link https://www.rfc-editor.org/rfc/rfc9110#section-15.4.5 | section 15.4.5}
 */
export function variesByEncoding(head: HeadView): boolean {
  const { status } = head
  if (status < 200 || status === 204 || status === 205) return false
  const type = head.header('content-type')
  // What is still good, and parts of several kinds, do not say what the whole is: a cache would forget what it depends on.
  const unsaid = status === 304 ? type === undefined : status === 206 && /^multipart\//i.test(type ?? '')
  if (!unsaid && !SHRINKS.test(type ?? '')) return false
  const encoding = head.header('content-encoding')
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') return false
  return !/(?:^|,)\s*no-transform\s*(?:,|$)/i.test(head.header('cache-control') ?? '')
}
