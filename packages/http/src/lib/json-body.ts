import { readOptions, type OptionReader } from '@wardstone/core'
import { limitBelowCeiling, malformed, tooLarge } from './body-rules.ts'
import type { HttpContext } from './context.ts'
import type { Refused } from './decision.ts'
import { refusedByKey } from './explain.ts'
import { requireJson } from './json.ts'
import { JSON_LIMITS, parseJson, refuseJson, type JsonLimits } from './parse-json.ts'
import { announcesBody, hasBody } from './request.ts'

/** Options of every adapter's `jsonBody`. */
export interface JsonBodyOptions extends JsonLimits {
  /** The largest body that is read, in bytes. Default 102,400. Above the `bodyLimit` of `baseline` it has no effect. */
  readonly limit?: number | undefined
}

/** What of a body that does not come in whole is known to its reader. */
export type BodyFault = 'too_large' | 'malformed'

/**
 * The rules for a body of JSON, for authors of adapters whose host parses by itself: what to ask before, on and after reading,
 * and what to answer. Every refusal that it makes is told by `explain`.
 */
export class JsonRules {
  /** The largest body that is read, in bytes. */
  readonly limit: number
  readonly #limits: Required<JsonLimits>

  constructor(limit: number, limits: Required<JsonLimits>) {
    this.limit = limit
    this.#limits = limits
  }

  /** Whether there is a body to read. What comes with `GET` and `HEAD` is not looked at. */
  expects(ctx: HttpContext): boolean {
    return ctx.method !== 'GET' && ctx.method !== 'HEAD' && hasBody(ctx)
  }

  /** What is refused before a byte is read: anything that is not JSON (415), or is announced too large (413). */
  before(ctx: HttpContext): Refused | undefined {
    const refused = this.requireJson(ctx)
    if (refused !== undefined || ctx.method === 'GET' || ctx.method === 'HEAD') return refused
    const length = Number(ctx.header('content-length') ?? 0)
    return length <= this.limit ? undefined : this.refuse(ctx, 'too_large', `content-length is ${length}`)
  }

  /** The first half of {@link JsonRules.before}, for hosts that know more of limits. */
  requireJson(ctx: HttpContext, bodied?: boolean): Refused | undefined {
    const refused = requireJson(ctx, bodied)
    return refused && told(ctx, refused)
  }

  /** Whether what came is no body at all: nothing, where nothing was announced. */
  isNone(ctx: HttpContext, size: number): boolean {
    return size === 0 && !announcesBody(ctx)
  }

  /** How many bytes may come of a body that announces no length: no more than the application takes at all. */
  limitOf(ctx: HttpContext, limit: number = this.limit): number {
    return limitBelowCeiling(ctx, limit)
  }

  /** The answer to a body that turned out to be none. */
  refuse(ctx: HttpContext, fault: BodyFault, why: string): Refused {
    if (fault === 'malformed') return told(ctx, malformed(ctx, why))
    return told(ctx, tooLarge(ctx, `${why}: more than the ${this.limitOf(ctx)} bytes that are read here`))
  }

  /**
   * The body itself.
   *
   * @throws SyntaxError which repeats nothing of it
   */
  parse(bytes: Uint8Array): unknown {
    return parseJson(bytes, this.#limits)
  }

  /**
   * What a host's own parser would let pass.
   *
   * @throws SyntaxError
   */
  check(bytes: Uint8Array): void {
    refuseJson(bytes, this.#limits)
  }
}

/**
 * Compiles the options of `jsonBody` for an adapter.
 *
 * @throws {@link ConfigurationError} `invalid_options`
 */
export function jsonRules(options: JsonBodyOptions | undefined): JsonRules {
  return readOptions('jsonBody', options, (o) => readJsonRules(o, 'limit'))
}

/** Reads the limits under the name that the size has here. */
export function readJsonRules(o: OptionReader, size: string): JsonRules {
  const limit = o.integer(size, { min: 1, max: 2 ** 30 }, 102_400)
  const depth = o.integer('depth', { min: 1, max: 10_000 }, JSON_LIMITS.depth)
  const keys = o.integer('keys', { min: 1, max: 10_000_000 }, JSON_LIMITS.keys)
  return new JsonRules(limit, { depth, keys })
}

function told(ctx: HttpContext, refused: Refused): Refused {
  ctx.state.set(refusedByKey, refused)
  return refused
}
