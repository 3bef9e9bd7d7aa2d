import { emitter, isProduction, type EventSink, type Now, type OptionReader } from '@wardstone/core'
import type { HttpContext } from './context.ts'
import { parseOrigin, type ParsedOrigin } from './cors/origin.ts'
import type { CrossOriginData, HttpEvent } from './events.ts'

/** What several parts of `baseline` share. */
export interface SiteOptions {
  /**
   * Where browsers reach the application: `https://app.example.com`, without a path. Default: nowhere is known, and in production
   * `baseline` warns of it where `csrf` is on: write `[]` where no pages are served. In production plain http is refused, except for
   * loopback addresses, by which a build is tried out.
   */
  readonly publicOrigins?: readonly string[] | undefined
  /** Gets what a security team wants to know. */
  readonly events?: EventSink<HttpEvent> | undefined
  /** The clock, for the time of events. Default `Date.now`. */
  readonly now?: Now | undefined
}

type WithoutTime<E> = E extends HttpEvent ? Omit<E, 'at'> : never

/** What several parts of `baseline` have to know of the application. */
export interface Site {
  /** Where browsers reach the application, canonical: `https://app.example.com`. Never taken from a request. */
  readonly publicOrigins: readonly string[]
  /** Whether somebody has said where browsers reach the application, or that they do not. */
  readonly isSaid: boolean
  /** Whether an `Origin` header names the application itself. */
  isOwn(origin: string): boolean
  /** Reports an event of now. */
  report(event: WithoutTime<HttpEvent>): void
}

/** Reads what the parts share. */
export function readSite(o: OptionReader): Site {
  const { publicOrigins, isSaid } = readPublicOrigins(o)
  const own: ReadonlySet<string> = new Set(publicOrigins)
  const sink = o.callback<EventSink<HttpEvent> | undefined>('events')
  const now = o.callback<Now | undefined>('now') ?? Date.now
  const emit = emitter(sink)
  return {
    publicOrigins,
    isSaid,
    isOwn: (origin) => own.has(origin),
    report: sink === undefined ? () => {} : (event) => emit({ ...event, at: now() } as HttpEvent),
  }
}

function readPublicOrigins(o: OptionReader): Pick<Site, 'publicOrigins' | 'isSaid'> {
  const expected = 'expected a list of origins such as ["https://app.example.com"]'
  const given = o.value<readonly unknown[]>('publicOrigins', expected, Array.isArray)
  if (!Array.isArray(given)) return { publicOrigins: [], isSaid: given !== undefined }
  const parsed = (given as readonly unknown[]).map(parseOrigin)
  for (const [at, origin] of parsed.entries()) {
    const wrong = typeof origin === 'string' ? origin : problemOf(origin)
    if (wrong !== undefined) o.problem(`publicOrigins[${at}]`, wrong)
  }
  const right = parsed.filter((origin) => typeof origin !== 'string')
  const said = right.length === 0 || !isProduction() || right.some(({ loopback }) => !loopback)
  return { publicOrigins: right.map(({ text }) => text), isSaid: said }
}

function problemOf({ wildcard, loopback, unfit }: ParsedOrigin): string | undefined {
  if (wildcard) return 'expected one origin, not a wildcard'
  return isProduction() && !loopback ? unfit : undefined
}

const ORIGIN = /^(?:null|[a-z][a-z0-9+.-]*:\/\/[^\s/?#@\\]+)$/i

/** What events and explanations tell of a refused request from elsewhere. */
export function crossOriginData(ctx: HttpContext): CrossOriginData {
  const origin = ctx.header('origin')?.slice(0, 256)
  return { origin: origin !== undefined && ORIGIN.test(origin) ? origin : undefined, method: ctx.method, route: ctx.route }
}

/** A header as an explanation may quote it. */
export function quoted(value: string): string {
  return JSON.stringify(value.length > 128 ? `${value.slice(0, 128)}…` : value)
}
