import type { OptionReader } from '@wardstone/core'
import type { HttpContext } from './context.ts'
import { deny, type Refused } from './decision.ts'
import type { Part } from './part.ts'
import { quoted } from './site.ts'
import { sharedStateKey, type StateKey } from './state.ts'
import { closing } from './unread.ts'

/** What holds of every body, whoever reads it. */
export interface BodyOptions {
  /**
   * The largest body of the application, in bytes: what is announced larger is refused before a byte of it is read, whatever
   * its method, type and route. Default 1,048,576 (1 MiB).
   *
   * It is a ceiling. A route takes less than it (`jsonBody` and `endpoint` 102,400 bytes unless told otherwise) and cannot take
   * more: a larger limit of theirs has no effect. With the settings in the environment:
   * `bodyLimit: Number(process.env.MAX_REQUEST_SIZE_BYTES ?? 1_048_576)`.
   */
  readonly bodyLimit?: number | undefined
}

/** The ceiling, left for whoever reads a body whose length nobody announced. */
const ceilingKey: StateKey<number> = sharedStateKey('body ceiling')

/**
 * Refuses bodies by what is announced of them, as a part of `baseline`.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9110#section-8.6 | RFC 9110 section 8.6}
 */
export function readBodyRules(o: OptionReader): Part {
  const ceiling = o.integer('bodyLimit', { min: 1, max: 2 ** 40 }, 2 ** 20)
  return {
    apply(ctx) {
      const length = ctx.header('content-length')
      if (length === undefined) {
        // GET without a body is most of the traffic, and its state stays empty.
        if (ctx.method !== 'GET' && ctx.method !== 'HEAD') ctx.state.set(ceilingKey, ceiling)
        return undefined
      }
      // `Number` would take "1e9", "0x10", " 12" and the empty text; 15 digits are exact.
      if (!/^\d{1,15}$/.test(length)) return malformedLength(ctx, length)
      if (Number(length) <= ceiling) return undefined
      return tooLarge(ctx, `content-length is ${length}, above the ${ceiling} of baseline's bodyLimit, which no route exceeds`)
    },
  }
}

/** The limit of a route below the application's ceiling. What is announced, `baseline` has measured already. */
export function limitBelowCeiling(ctx: HttpContext, limit: number): number {
  const ceiling = ctx.state.get(ceilingKey)
  return ceiling === undefined ? limit : Math.min(limit, ceiling)
}

/** The rest of it never gets read: the connection ends with the answer. */
export function tooLarge(ctx: HttpContext, why: string): Refused {
  return deny(ctx, { status: 413, code: 'body_too_large', headers: closing(ctx) }, why)
}

/** What was read of it, or could not be, is no body. */
export function malformed(ctx: HttpContext, why: string): Refused {
  return deny(ctx, { status: 400, code: 'malformed_request', headers: closing(ctx) }, why)
}

function malformedLength(ctx: HttpContext, length: string): Refused {
  return malformed(ctx, `content-length is ${quoted(length)}, which is no number`)
}
